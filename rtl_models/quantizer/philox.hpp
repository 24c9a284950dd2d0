#pragma once
/// Random words and draws (numerics.md section 2), one round as the logic between two registers.

#include <array>
#include <cstdint>

namespace quatrain::rtl_models {

inline constexpr int philox_rounds = 10;

/// The four counter words of a block; after all rounds its four random words.
using PhiloxBlock = std::array<std::uint32_t, 4>;

struct PhiloxKey {
  std::uint32_t seed = 0, stream = 0;
  friend bool operator==(const PhiloxKey&, const PhiloxKey&) = default;
};

/// Round `round` of 0 .. 9. Its key is the first one plus a constant of the round.
constexpr PhiloxBlock philox_round(const PhiloxBlock& c, const PhiloxKey& key, unsigned round) {
  constexpr std::uint64_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t step0 = 0x9E3779B9, step1 = 0xBB67AE85;
  const std::uint64_t product0 = multiplier0 * c[0], product1 = multiplier1 * c[2];
  return {static_cast<std::uint32_t>(product1 >> 32) ^ c[1] ^ (key.seed + step0 * round),
          static_cast<std::uint32_t>(product1),
          static_cast<std::uint32_t>(product0 >> 32) ^ c[3] ^ (key.stream + step1 * round),
          static_cast<std::uint32_t>(product0)};
}

/// Draw `place` of a block with draws of `bits` bits: 4, 8 or 16.
constexpr std::uint32_t draw_in(const PhiloxBlock& words, unsigned place, unsigned bits) {
  const unsigned first = place * bits;
  return words[first / 32] >> (first % 32) & ((std::uint32_t{1} << bits) - 1);
}

}  // namespace quatrain::rtl_models
