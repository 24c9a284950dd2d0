#include "emu/random/philox.hpp"

#include "emu/simd/intrinsics.hpp"

#include <cassert>

namespace quatrain::emu {
namespace {

/// A word of each of four blocks in the lower halves of four lanes of 64 bits, where the multiplication of
/// AVX2 takes it. What stands in the upper halves is of no use.
struct FourBlocks {
  __m256i c0, c1, c2, c3;
};

QUATRAIN_AVX2 [[gnu::always_inline]] inline __m256i in_each(std::uint32_t word) {
  return _mm256_set1_epi32(static_cast<int>(word));
}

/// The keys of the ten rounds.
struct RoundKeys {
  __m256i first[10], second[10];
};

QUATRAIN_AVX2 [[gnu::always_inline]] inline FourBlocks next_round(const FourBlocks& at, __m256i first_key,
                                                                  __m256i second_key) {
  const __m256i first = _mm256_mul_epu32(at.c0, in_each(philox_multipliers[0]));
  const __m256i second = _mm256_mul_epu32(at.c2, in_each(philox_multipliers[1]));
  return {_mm256_xor_si256(_mm256_srli_epi64(second, 32), _mm256_xor_si256(at.c1, first_key)), second,
          _mm256_xor_si256(_mm256_srli_epi64(first, 32), _mm256_xor_si256(at.c3, second_key)), first};
}

/// The lanes hold the blocks 0, 2, 1, 3.
QUATRAIN_AVX2 [[gnu::always_inline]] inline void store(const FourBlocks& at, std::uint32_t* words) {
  constexpr int upper_halves = 0xAA;
  const __m256i c01 = _mm256_blend_epi32(at.c0, _mm256_slli_epi64(at.c1, 32), upper_halves);
  const __m256i c23 = _mm256_blend_epi32(at.c2, _mm256_slli_epi64(at.c3, 32), upper_halves);
  auto* out = reinterpret_cast<__m256i*>(words);
  _mm256_storeu_si256(out, _mm256_unpacklo_epi64(c01, c23));
  _mm256_storeu_si256(out + 1, _mm256_unpackhi_epi64(c01, c23));
}

/// `fours` groups of four blocks at once: a round waits for its products, and other groups have work
/// meanwhile.
template <std::size_t fours>
QUATRAIN_AVX2 [[gnu::always_inline]] inline void fill_blocks(const DrawSource& source, const RoundKeys& keys,
                                                             std::uint32_t first_block,
                                                             std::uint32_t* words) {
  FourBlocks at[fours];
  for (std::size_t i = 0; i < fours; ++i)
    at[i] = {_mm256_add_epi32(in_each(first_block + static_cast<std::uint32_t>(4 * i)),
                              _mm256_setr_epi32(0, 0, 2, 0, 1, 0, 3, 0)),
             in_each(source.c1), in_each(source.c2), in_each(source.c3)};
#pragma GCC unroll 10
  for (std::size_t round = 0; round < 10; ++round)
    for (FourBlocks& four : at) four = next_round(four, keys.first[round], keys.second[round]);
  for (std::size_t i = 0; i < fours; ++i) store(at[i], words + 16 * i);
}

/// All whole groups of four blocks; returns how many blocks they are.
QUATRAIN_AVX2 std::size_t fill_fours(const DrawSource& source, std::uint32_t first_block, std::size_t blocks,
                                     std::uint32_t* words) {
  RoundKeys keys;
  std::uint32_t key[2] = {source.seed, static_cast<std::uint32_t>(source.stream)};
  for (std::size_t round = 0; round < 10; ++round) {
    keys.first[round] = in_each(key[0]);
    keys.second[round] = in_each(key[1]);
    key[0] += philox_key_steps[0];
    key[1] += philox_key_steps[1];
  }
  std::size_t block = 0;
  const auto at = [&] { return first_block + static_cast<std::uint32_t>(block); };
  for (; block + 16 <= blocks; block += 16) fill_blocks<4>(source, keys, at(), words + 4 * block);
  for (; block + 4 <= blocks; block += 4) fill_blocks<1>(source, keys, at(), words + 4 * block);
  return block;
}

/// High and low halves of sixteen 32-bit products.
QUATRAIN_AVX512 inline void multiply(const __m512i& words, std::uint32_t multiplier, __m512i& high,
                                     __m512i& low) {
  constexpr __mmask16 odd_words = 0xAAAA, even_words = 0x5555;
  const __m512i all = _mm512_set1_epi32(static_cast<int>(multiplier));
  const __m512i even = _mm512_mul_epu32(words, all);
  const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(words, 32), all);
  high = _mm512_mask_shuffle_epi32(odd, even_words, even, _MM_PERM_DDBB);
  low = _mm512_mask_shuffle_epi32(even, odd_words, odd, _MM_PERM_CCAA);
}

/// Sixteen blocks, a word of each in one vector. Lane 4 i + j holds block 4 j + i: then a 4 x 4 transposition
/// in each quarter of a vector leaves the blocks in order.
QUATRAIN_AVX512 void fill_sixteen_blocks(const DrawSource& source, std::uint32_t first_block,
                                         std::uint32_t* words) {
  std::uint32_t key[2] = {source.seed, static_cast<std::uint32_t>(source.stream)};
  __m512i c0 = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first_block)),
                                _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  __m512i c1 = _mm512_set1_epi32(static_cast<int>(source.c1));
  __m512i c2 = _mm512_set1_epi32(static_cast<int>(source.c2));
  __m512i c3 = _mm512_set1_epi32(static_cast<int>(source.c3));
  constexpr int exclusive_or = 0x96;
  for (int round = 0; round < 10; ++round) {
    __m512i first_high, first_low, second_high, second_low;
    multiply(c0, philox_multipliers[0], first_high, first_low);
    multiply(c2, philox_multipliers[1], second_high, second_low);
    c0 =
        _mm512_ternarylogic_epi32(second_high, c1, _mm512_set1_epi32(static_cast<int>(key[0])), exclusive_or);
    c1 = second_low;
    c2 = _mm512_ternarylogic_epi32(first_high, c3, _mm512_set1_epi32(static_cast<int>(key[1])), exclusive_or);
    c3 = first_low;
    key[0] += philox_key_steps[0];
    key[1] += philox_key_steps[1];
  }
  const __m512i low01 = _mm512_unpacklo_epi32(c0, c1), high01 = _mm512_unpackhi_epi32(c0, c1);
  const __m512i low23 = _mm512_unpacklo_epi32(c2, c3), high23 = _mm512_unpackhi_epi32(c2, c3);
  _mm512_storeu_si512(words, _mm512_unpacklo_epi64(low01, low23));
  _mm512_storeu_si512(words + 16, _mm512_unpackhi_epi64(low01, low23));
  _mm512_storeu_si512(words + 32, _mm512_unpacklo_epi64(high01, high23));
  _mm512_storeu_si512(words + 48, _mm512_unpackhi_epi64(high01, high23));
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32_10(PhiloxCounter counter, PhiloxKey key) {
  return philox4x32<10>(counter, key);
}

std::uint32_t DrawSource::draw(std::uint64_t element, unsigned bits) const {
  const unsigned draws_per_block = 128 / bits;
  const auto block = static_cast<std::uint32_t>(element / draws_per_block);
  const auto words = philox4x32_10({block, c1, c2, c3}, {seed, static_cast<std::uint32_t>(stream)});
  const auto first_bit = static_cast<unsigned>(element % draws_per_block) * bits;
  const std::uint32_t word = words[first_bit / 32] >> (first_bit % 32);
  return bits == 32 ? word : word & ((std::uint32_t{1} << bits) - 1);
}

void DrawSource::fill(std::uint32_t first_block, std::span<std::uint32_t> words, SimdPath path) const {
  assert(words.size() % 4 == 0 && "whole blocks only");
  const std::size_t blocks = words.size() / 4;
  std::size_t block = 0;
  if (has_avx512(path))
    for (; block + 16 <= blocks; block += 16)
      fill_sixteen_blocks(*this, first_block + static_cast<std::uint32_t>(block), &words[4 * block]);
  if (has_avx2(path))
    block += fill_fours(*this, first_block + static_cast<std::uint32_t>(block), blocks - block,
                        words.data() + 4 * block);
  for (; block < blocks; ++block) {
    const auto four = philox4x32_10({first_block + static_cast<std::uint32_t>(block), c1, c2, c3},
                                    {seed, static_cast<std::uint32_t>(stream)});
    for (std::size_t word = 0; word < 4; ++word) words[4 * block + word] = four[word];
  }
}

}  // namespace quatrain::emu
