#pragma once
/// Eight codes at a time: loaded as one word from any element on, decoded by byte permutation, and eight such
/// words turned from lines into columns.

#include "kernels/gemm/shape.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// Eight codes, the first in the lowest bits.
using Octet = std::uint32_t;
inline constexpr int octet_codes = 8;

/// The codes from `element` on. Reads the word that holds it and the next one, aligned: operands have words
/// behind them that may be read (GemmOperands).
__device__ inline Octet octet_at(const std::uint8_t* codes, unsigned element) {
  const auto* words = reinterpret_cast<const std::uint32_t*>(codes) + element / octet_codes;
  const std::uint64_t both = std::uint64_t{words[1]} << 32 | words[0];
  return static_cast<Octet>(both >> (element % octet_codes * 4));
}

/// The first 1 to 8 codes, zeros behind them.
__device__ inline Octet first_codes(Octet codes, int count) { return codes & (~0U >> (32 - 4 * count)); }

/// int8 values of the sixteen codes, four a word.
template <Encoding encoding>
struct CodeValues {
  unsigned word[4];
};
template <Encoding encoding>
__host__ __device__ constexpr CodeValues<encoding> code_values_of() {
  if constexpr (encoding == Encoding::int4) {
    return {{0x03020100, 0x07060504, 0xFBFAF9F8, 0xFFFEFDFC}};
  } else if constexpr (encoding == Encoding::uint4) {
    return {{0x03020100, 0x07060504, 0x0B0A0908, 0x0F0E0D0C}};
  } else {
    static_assert(encoding == Encoding::fp4_e3m0);
    return {{0x04020100, 0x40201008, 0xFCFEFF00, 0xC0E0F0F8}};
  }
}

/// int8 values of the four codes in the low half of a word. A permutation chooses among eight bytes, so it is
/// asked for both halves of the sixteen values, and once more for the bytes whose code lies in the upper one.
template <Encoding encoding>
__device__ unsigned decode_four(unsigned codes) {
  constexpr CodeValues<encoding> values = code_values_of<encoding>();
  const unsigned place = codes & 0x7777U;
  const unsigned is_upper = __byte_perm(0xFF00U, 0, codes >> 3 & 0x1111U);
  const unsigned lower = __byte_perm(values.word[0], values.word[1], place);
  const unsigned upper = __byte_perm(values.word[2], values.word[3], place);
  return (lower & ~is_upper) | (upper & is_upper);
}

/// The values of codes 0 to 3 and 4 to 7, the first in the lowest byte.
template <Encoding encoding>
__device__ void decode_octet(Octet codes, unsigned& first, unsigned& second) {
  first = decode_four<encoding>(codes & 0xFFFFU);
  second = decode_four<encoding>(codes >> 16);
}

/// Exchanges the upper `shift` bits of each field of `one` (2 shift bits wide) with the lower ones of
/// `other`.
__device__ inline void exchange_halves(Octet& one, Octet& other, int shift, unsigned lower_halves) {
  const Octet changed = (one >> shift ^ other) & lower_halves;
  other ^= changed;
  one ^= changed << shift;
}

/// Code j of word i becomes code i of word j.
__device__ inline void transpose(Octet (&words)[octet_codes]) {
  QUATRAIN_UNROLL
  for (int i = 0; i < 4; ++i) exchange_halves(words[i], words[i + 4], 16, 0x0000FFFFU);
  QUATRAIN_UNROLL
  for (int i = 0; i < 4; ++i)
    exchange_halves(words[i / 2 * 4 + i % 2], words[i / 2 * 4 + i % 2 + 2], 8, 0x00FF00FFU);
  QUATRAIN_UNROLL
  for (int i = 0; i < 4; ++i) exchange_halves(words[2 * i], words[2 * i + 1], 4, 0x0F0F0F0FU);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
