#pragma once
/// Packed codes (trace-format.md, "Tensors"): element i is in byte i / 2, in the low nibble if i is even;
/// an unused last nibble is 0.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::traces {

constexpr std::size_t packed_size(std::size_t elements) { return elements / 2 + elements % 2; }

constexpr std::uint8_t nibble_at(std::span<const std::uint8_t> packed, std::size_t element) {
  return static_cast<std::uint8_t>(element % 2 == 0 ? packed[element / 2] & 0xF : packed[element / 2] >> 4);
}

/// codes: one per byte, each below 16.
std::vector<std::uint8_t> pack_nibbles(std::span<const std::uint8_t> codes);
/// packed: at least packed_size(elements) bytes.
std::vector<std::uint8_t> unpack_nibbles(std::span<const std::uint8_t> packed, std::size_t elements);

}  // namespace quatrain::traces
