#pragma once
/// Integer and bit functions of CUDA's device language.

#include <bit>
#include <cmath>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace simt {

inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline int __float_as_int(float value) { return std::bit_cast<int>(value); }
inline float __int_as_float(int bits) { return std::bit_cast<float>(bits); }
using std::rint;

inline int __popc(unsigned value) { return std::popcount(value); }
inline int __clz(int value) { return std::countl_zero(static_cast<unsigned>(value)); }
/// Place of the lowest bit that is set, from 1; 0: none is.
inline int __ffs(int value) { return value == 0 ? 0 : std::countr_zero(static_cast<unsigned>(value)) + 1; }

/// sum + the four products of the signed bytes of a and b.
inline int __dp4a(int a, int b, int sum) {
#if defined(__SSE2__)
  // What kernels with tiles spend their time on: pairs of 16-bit products in one instruction.
  const auto widened = [](int bytes) {
    const __m128i twice = _mm_unpacklo_epi8(_mm_cvtsi32_si128(bytes), _mm_cvtsi32_si128(bytes));
    return _mm_srai_epi16(twice, 8);
  };
  const __m128i pairs = _mm_madd_epi16(widened(a), widened(b));
  return sum + _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32(pairs, 1)));
#else
  for (int byte = 0; byte < 32; byte += 8)
    sum += static_cast<std::int8_t>(a >> byte) * static_cast<std::int8_t>(b >> byte);
  return sum;
#endif
}

/// Byte i of the result is the one of the eight bytes of (low, high) that nibble i of `selector` names; with
/// its highest bit set the nibble asks for that byte's sign in all eight bits.
inline unsigned __byte_perm(unsigned low, unsigned high, unsigned selector) {
  const std::uint64_t bytes = std::uint64_t{high} << 32 | low;
  unsigned result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned nibble = selector >> 4 * i & 0xFU;
    auto byte = static_cast<std::uint8_t>(bytes >> 8 * (nibble & 7U));
    if ((nibble & 8U) != 0) byte = (byte & 0x80U) != 0 ? 0xFFU : 0;
    result |= static_cast<unsigned>(byte) << 8 * i;
  }
  return result;
}

/// A load through the read-only cache. It is part of its caller, for the checks.
template <typename T>
[[gnu::always_inline]] inline T __ldg(const T* pointer) {
  return *pointer;
}

}  // namespace simt
