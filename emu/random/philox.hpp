#pragma once
/// Philox4x32-10 (Salmon et al., SC'11) and the draws cut from it (numerics.md section 2).

#include "emu/simd/dispatch.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace quatrain::emu {

/// What this program draws for; numerics.md section 2 lists more.
enum class Stream : std::uint32_t { luq = 0, parameters = 1, order = 2, augmentation = 3, dropout = 4, paper_code = 5 };

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

inline constexpr std::uint32_t philox_multipliers[2] = {0xD2511F53, 0xCD9E8D57};
inline constexpr std::uint32_t philox_key_steps[2] = {0x9E3779B9, 0xBB67AE85};

/// `rounds` is 10 everywhere but in the tests, which also know the words of 7 rounds.
template <int rounds>
constexpr std::array<std::uint32_t, 4> philox4x32(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t first = std::uint64_t{philox_multipliers[0]} * counter[0];
    const std::uint64_t second = std::uint64_t{philox_multipliers[1]} * counter[2];
    counter = {
        static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
        static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key = {key[0] + philox_key_steps[0], key[1] + philox_key_steps[1]};
  }
  return counter;
}

std::array<std::uint32_t, 4> philox4x32_10(PhiloxCounter counter, PhiloxKey key);

/// The draws of one tensor: key (seed, stream), counter (block, c1, c2, c3).
struct DrawSource {
  std::uint32_t seed = 0;
  Stream stream = Stream::luq;
  std::uint32_t c1 = 0, c2 = 0, c3 = 0;

  /// bits: 4, 8, 16 or 32; element: flat index of the tensor.
  std::uint32_t draw(std::uint64_t element, unsigned bits) const;

  /// The words of the blocks first, first + 1, ...: four a block, so that a draw of 8, 16 or 32 bits is an
  /// element of the words' bytes read as little-endian integers of that width. words: a multiple of 4.
  void fill(std::uint32_t first_block, std::span<std::uint32_t> words, SimdPath path) const;
};

}  // namespace quatrain::emu
