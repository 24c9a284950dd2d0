#pragma once
/// "a, b, c": what fmt::join does, which for strings draws a false -Wstringop-overflow from GCC 12.

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace quatrain::base {

template <typename Range>
std::string joined(const Range& parts, std::string_view between = ", ") {
  std::string text;
  bool is_first = true;
  for (const auto& part : parts) {
    if (!is_first) text += between;
    text += fmt::format("{}", part);
    is_first = false;
  }
  return text;
}

}  // namespace quatrain::base
