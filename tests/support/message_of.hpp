#pragma once
/// The whole message of the Error that a call throws: tests of bad input compare all of it.

#include "traces/base/error.hpp"

#include <string>
#include <utility>

namespace quatrain::tests {

template <typename Call>
std::string message_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace quatrain::tests
