#include "emu/simd/intrinsics.hpp"
#include "tests/bench/emu_bars.hpp"
#include "tests/bench/paired_timer.hpp"

#include <cstdint>

namespace quatrain::tests {
namespace {

constexpr int rounds = 4'000'000;

/// In one piece: the compiler would keep an array of sums in memory.
[[gnu::target("avx2")]] void run_avx2() {
  const __m256i zero = _mm256_setzero_si256(), word = _mm256_set1_epi8(1);
  __m256i a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero, i = zero, j = zero,
          k = zero, l = zero, products;
  for (int round = 0; round < rounds; ++round) {
    const auto add_to = [&](__m256i & sum) __attribute__((always_inline, target("avx2"))) {
      asm volatile("vpmaddubsw %2, %2, %1\n vpaddw %1, %0, %0" : "+x"(sum), "=&x"(products) : "x"(word));
    };
    add_to(a), add_to(b), add_to(c), add_to(d), add_to(e), add_to(f);
    add_to(g), add_to(h), add_to(i), add_to(j), add_to(k), add_to(l);
  }
}

QUATRAIN_AVX512 void run_vnni() {
  const __m512i zero = _mm512_setzero_si512(), word = _mm512_set1_epi8(1);
  __m512i a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero, i = zero, j = zero,
          k = zero, l = zero;
  for (int round = 0; round < rounds; ++round)
    asm volatile(
        "vpdpbusd %12, %12, %0\n vpdpbusd %12, %12, %1\n vpdpbusd %12, %12, %2\n vpdpbusd %12, %12, %3\n"
        "vpdpbusd %12, %12, %4\n vpdpbusd %12, %12, %5\n vpdpbusd %12, %12, %6\n vpdpbusd %12, %12, %7\n"
        "vpdpbusd %12, %12, %8\n vpdpbusd %12, %12, %9\n vpdpbusd %12, %12, %10\n vpdpbusd %12, %12, %11"
        : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f), "+v"(g), "+v"(h), "+v"(i), "+v"(j), "+v"(k),
          "+v"(l)
        : "v"(word));
}

[[gnu::target("amx-tile,amx-int8")]] void run_amx() {
  struct alignas(64) {
    std::uint8_t palette = 1, first_row = 0, unused[14] = {};
    std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } shapes;
  asm volatile("" ::: "memory");
  _tile_loadconfig(&shapes);
  for (int i = 0; i < rounds / 4; ++i) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
}

}  // namespace

double measured_peak(emu::SimdPath path) {
  switch (path) {
    case emu::SimdPath::portable:
      return 0;
    case emu::SimdPath::avx2:
      return 32.0 * 12 * rounds / processor_seconds_of(run_avx2);
    case emu::SimdPath::avx512:
      return 64.0 * 12 * rounds / processor_seconds_of(run_vnni);
    case emu::SimdPath::amx:
      return 16.0 * 16 * 64 * rounds / processor_seconds_of(run_amx);
  }
  return 0;
}

}  // namespace quatrain::tests
