#pragma once
/// Which elements of a record are looked at, where it has too many.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace quatrain::sim::diagnosis {

/// At most `most` of them, evenly spread, with the first and the last.
inline std::vector<std::int64_t> spread(const std::vector<std::int64_t>& elements, std::size_t most) {
  if (elements.size() <= most) return elements;
  std::vector<std::int64_t> chosen;
  chosen.reserve(most);
  for (std::size_t i = 0; i < most; ++i) chosen.push_back(elements[i * (elements.size() - 1) / (most - 1)]);
  return chosen;
}

/// "all 384 different elements" or "all 500 of 9000 different elements that were looked at".
inline std::string count_text(std::size_t looked_at, std::size_t different) {
  if (different == 1) return "the one different element";
  if (looked_at == different) return fmt::format("all {} different elements", different);
  return fmt::format("all {} of {} different elements that were looked at", looked_at, different);
}

}  // namespace quatrain::sim::diagnosis
