#pragma once
/// The whole message of the Error that a call throws; tests compare it letter by letter.

#include "traces/base/error.hpp"

#include <string>

namespace quatrain::tests {

template <typename Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const traces::Error& error) {
    return error.what();
  }
  return "(no Error)";
}

}  // namespace quatrain::tests
