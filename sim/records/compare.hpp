#pragma once
/// Whether a tensor of a result has the recorded bits, and where it first has not.

#include "sim/records/recorded.hpp"
#include "traces/format/checksum.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>

namespace quatrain::sim {

inline std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }
inline std::uint32_t bits_of(std::int32_t value) { return std::bit_cast<std::uint32_t>(value); }

/// Flat index of the first element whose bits differ. Nothing where all are equal. Both have the same size.
template <typename Element>
std::optional<std::int64_t> first_unequal(std::span<const Element> expected, std::span<const Element> got) {
  const auto same_bits = [](Element a, Element b) { return bits_of(a) == bits_of(b); };
  const auto at = std::mismatch(expected.begin(), expected.end(), got.begin(), same_bits).first;
  if (at == expected.end()) return std::nullopt;
  return at - expected.begin();
}

/// Element by element, or by checksum where the trace holds no more. `got` has the recorded size.
template <typename Element>
bool agrees(const Recorded<Element>& recorded, std::span<const Element> got) {
  if (recorded.elements) return !first_unequal(std::span<const Element>(*recorded.elements), got);
  return traces::crc32c(traces::bytes_of(got)) == recorded.crc32c;
}

}  // namespace quatrain::sim
