#include "emu/gemm/inner_loops.hpp"
#include "emu/gemm/pair_sums.hpp"

#include <algorithm>

namespace quatrain::emu {
namespace {

constexpr std::size_t lanes = 4;

/// 6 rows of 16 columns.
[[gnu::target("avx2")]] void add_with_avx2(const std::uint32_t* left, const std::int32_t* rows,
                                           const PanelSteps<std::uint32_t>& steps, std::size_t steps_per_sum,
                                           std::int32_t* tile) {
  const std::uint32_t* row[tile_rows];
  for (std::size_t r = 0; r < tile_rows; ++r) row[r] = left + rows[r];
  const __m256i ones = _mm256_set1_epi16(1);
  const std::size_t count = steps.offsets.size();
  for (std::size_t first = 0; first < count; first += steps_per_sum) {
    const std::int32_t* const offset = steps.offsets.data() + first;
    PairSums sum;
    sum_pairs<Repeated::left>(row, offset, offset + std::min(steps_per_sum, count - first),
                              steps.panel + first * tile_pitch, tile_pitch * sizeof(std::uint32_t), sum);
#pragma GCC unroll 6
    for (std::size_t r = 0; r < tile_rows; ++r)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < 2; ++v) {
        auto* const at = reinterpret_cast<__m256i*>(tile + r * tile_pitch + 8 * v);
        const __m256i wide = _mm256_madd_epi16(sum[r][v], ones);
        _mm256_storeu_si256(at, _mm256_add_epi32(_mm256_loadu_si256(at), wide));
      }
  }
}

/// 6 rows of 8 columns.
[[gnu::target("avx2")]] void add_narrow_with_avx2(const std::uint32_t* left, const std::int32_t* rows,
                                                  const PanelSteps<std::uint32_t>& steps,
                                                  std::size_t steps_per_sum, std::int32_t* tile) {
  const __m256i ones = _mm256_set1_epi16(1);
  const std::uint32_t* row[tile_rows];
#pragma GCC unroll 6
  for (std::size_t r = 0; r < tile_rows; ++r) row[r] = left + rows[r];
  const std::uint32_t* panel = steps.panel;
  for (std::size_t first = 0; first < steps.offsets.size(); first += steps_per_sum) {
    const std::size_t last = std::min(first + steps_per_sum, steps.offsets.size());
    __m256i sum[tile_rows];  // 16 bits: two sums of two lanes a column
#pragma GCC unroll 6
    for (std::size_t r = 0; r < tile_rows; ++r) sum[r] = _mm256_setzero_si256();
    for (std::size_t s = first; s < last; ++s, panel += 8) {
      const __m256i right = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel));
#pragma GCC unroll 6
      for (std::size_t r = 0; r < tile_rows; ++r) {
        const __m256i word = _mm256_set1_epi32(static_cast<int>(row[r][steps.offsets[s]]));
        sum[r] = _mm256_add_epi16(sum[r], _mm256_maddubs_epi16(word, right));
      }
    }
#pragma GCC unroll 6
    for (std::size_t r = 0; r < tile_rows; ++r) {
      auto* const at = reinterpret_cast<__m256i*>(tile + r * tile_pitch);
      const __m256i wide = _mm256_madd_epi16(sum[r], ones);
      _mm256_storeu_si256(at, _mm256_add_epi32(_mm256_loadu_si256(at), wide));
    }
  }
}

/// The same sums of 16 bits, one for each lane; plain loops that vectorise with any instruction set.
template <std::size_t columns>
void add_portably(const std::uint32_t* left, const std::int32_t* rows, const PanelSteps<std::uint32_t>& steps,
                  std::size_t steps_per_sum, std::int32_t* tile) {
  const std::uint32_t* panel = steps.panel;
  const std::size_t step_count = steps.offsets.size();
  constexpr std::size_t width = columns * lanes, pattern = 8;
  for (std::size_t first = 0; first < step_count; first += steps_per_sum) {
    const std::size_t last = std::min(first + steps_per_sum, step_count);
    std::int16_t sum[tile_rows][width] = {};
    for (std::size_t s = first; s < last; ++s, panel += columns) {
      std::int16_t right[width];
      const auto* const bytes = reinterpret_cast<const std::int8_t*>(panel);
      for (std::size_t i = 0; i < width; ++i) right[i] = bytes[i];
      for (std::size_t r = 0; r < tile_rows; ++r) {
        const std::uint32_t word = left[rows[r] + steps.offsets[s]];
        std::int16_t repeated[pattern];
        for (std::size_t i = 0; i < pattern; ++i)
          repeated[i] = static_cast<std::int16_t>(word >> (8 * (i % lanes)) & 0xFF);
        for (std::size_t i = 0; i < width; i += pattern)
          for (std::size_t j = 0; j < pattern; ++j)
            sum[r][i + j] = static_cast<std::int16_t>(sum[r][i + j] + repeated[j] * right[i + j]);
      }
    }
    for (std::size_t r = 0; r < tile_rows; ++r)
      for (std::size_t n = 0; n < columns; ++n) {
        std::int32_t wide = 0;
        for (std::size_t lane = 0; lane < lanes; ++lane) wide += sum[r][n * lanes + lane];
        std::int32_t& at = tile[r * tile_pitch + n];
        at = static_cast<std::int32_t>(static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(wide));
      }
  }
}

}  // namespace

void add_integer_products(const std::uint32_t* left, const std::int32_t* rows,
                          const PanelSteps<std::uint32_t>& steps, std::size_t steps_per_sum,
                          std::int32_t* tile, SimdPath path) {
  const bool narrow = steps.columns == 8;
  const auto add = has_avx2(path) ? (narrow ? add_narrow_with_avx2 : add_with_avx2)
                                  : (narrow ? add_portably<8> : add_portably<16>);
  add(left, rows, steps, steps_per_sum, tile);
}

}  // namespace quatrain::emu
