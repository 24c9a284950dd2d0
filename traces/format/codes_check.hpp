#pragma once
/// Packed codes as a file holds them: an unused last nibble is 0, every code is one that a quantizer makes.
/// Both look at a piece of a tensor, so that it need not be in memory as a whole.

#include "traces/encoding/codes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace quatrain::traces {

/// Index in `packed` of the first byte with an illegal code in either nibble (no FP4 0x8, no INT4 -8).
std::optional<std::size_t> first_illegal_byte(Encoding encoding, std::span<const std::uint8_t> packed);

/// `last`: the last byte of a tensor of this many elements.
constexpr bool is_unused_nibble_zero(std::int64_t elements, std::uint8_t last) {
  return elements % 2 == 0 || last >> 4 == 0;
}

}  // namespace quatrain::traces
