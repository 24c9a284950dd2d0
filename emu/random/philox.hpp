#pragma once
/// Philox4x32-10 (Salmon et al., SC'11) and the draws cut from it (numerics.md section 2).

#include <array>
#include <cstdint>

namespace quatrain::emu {

enum class Stream : std::uint32_t { luq = 0, parameters = 1, order = 2, augmentation = 3, dropout = 4 };

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

std::array<std::uint32_t, 4> philox4x32_10(PhiloxCounter counter, PhiloxKey key);

/// The draws of one tensor: key (seed, stream), counter (block, c1, c2, c3).
struct DrawSource {
  std::uint32_t seed = 0;
  Stream stream = Stream::luq;
  std::uint32_t c1 = 0, c2 = 0, c3 = 0;

  /// bits: 4, 8, 16 or 32; element: flat index of the tensor.
  std::uint32_t draw(std::uint64_t element, unsigned bits) const;
};

}  // namespace quatrain::emu
