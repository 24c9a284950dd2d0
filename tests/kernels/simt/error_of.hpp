#pragma once
/// The whole message of the simt::Error that a call throws.

#include "simt/error.hpp"
#include <string>
#include <utility>

namespace simt {

template <typename Call>
std::string message_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace simt
