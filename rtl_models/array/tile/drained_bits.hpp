#pragma once
/// Bits that change while the words of a tile leave, word by word through the chain: PE(i,j) shows the sums
/// of rows i, i-1 ... 0 one after the other, so the change from row i to row i-1 passes all rows from i down.
/// In the end all of them hold that of row 0.

#include <bit>
#include <cstddef>
#include <cstdint>

namespace quatrain::rtl_models {

/// Only the bits of `mask` are there. sums [row][stride] of the tile's rows and columns; shadows: the shadow
/// registers as the tile before has left them, or null where the accumulators are the chain.
[[gnu::always_inline]] inline std::uint64_t drained_bits(const std::int32_t* sums,
                                                         const std::int32_t* shadows, std::size_t stride,
                                                         std::uint32_t rows, std::uint32_t columns,
                                                         std::uint32_t mask = ~std::uint32_t{0}) {
  const auto changed = [mask](std::int32_t before, std::int32_t after) {
    return static_cast<std::uint64_t>(std::popcount(static_cast<std::uint32_t>(before ^ after) & mask));
  };
  std::uint64_t all = 0;
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::int32_t *row = sums + i * stride, *above = i > 0 ? row - stride : row;
    std::uint64_t bits = 0, shadow_bits = 0;
    for (std::uint32_t j = 0; j < columns; ++j) bits += changed(row[j], above[j]);
    if (shadows != nullptr)
      for (std::uint32_t j = 0; j < columns; ++j) shadow_bits += changed(shadows[i * stride + j], row[j]);
    all += (rows - i) * bits + shadow_bits;
  }
  return all;
}

}  // namespace quatrain::rtl_models
