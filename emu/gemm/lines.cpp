#include "emu/gemm/lines.hpp"

#include "emu/gemm/pair_sums.hpp"

#include <type_traits>

namespace quatrain::emu {
namespace {

constexpr std::size_t vectors = 6;  // of rows, at a time

/// Where the rows of these vectors begin: what they read, and where their results go.
template <typename Result>
struct LineTile {
  const std::uint32_t* left[vectors];
  Result* result[vectors];
};

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i load(const std::int32_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
[[gnu::target("avx2"), gnu::always_inline]] inline void store(void* at, __m256i words) {
  _mm256_storeu_si256(static_cast<__m256i*>(at), words);
}

/// Results of a vector, `pitch` apart.
template <typename Result>
[[gnu::target("avx2"), gnu::always_inline]] inline void store_apart(Result* at, __m256i words,
                                                                    std::int64_t pitch) {
  alignas(32) Result values[line_vector];
  store(values, words);
#pragma GCC unroll 8
  for (const Result value : values) *at = value, at += pitch;
}

template <typename Result>
class LineProduct {
 public:
  LineProduct(const TileTask& task, const LineOperands& operands, float scale)
      : task_(task), product_(*task.product), operands_(operands), scale_(scale) {}

  /// All columns of a tile.
  [[gnu::target("avx2")]] void add(const LineTile<Result>& tile) const {
    Sums sums;
    const std::size_t steps = product_.steps.size();
    for (std::size_t first = 0; first < steps; first += operands_.steps_per_sum) {
      const std::size_t count = std::min(operands_.steps_per_sum, steps - first);
      const bool begins = first == 0, ends = first + count == steps;
      if (begins && ends)
        add_steps<true, true>(tile, first, count, sums);
      else if (begins)
        add_steps<true, false>(tile, first, count, sums);
      else if (ends)
        add_steps<false, true>(tile, first, count, sums);
      else
        add_steps<false, false>(tile, first, count, sums);
    }
  }

 private:
  /// Of the steps so far.
  struct alignas(32) Sums {
    std::int32_t of_column[tile_pitch][vectors * line_vector];
  };

  /// Some steps, two columns at a time. begins: they are the first; ends: the last.
  template <bool begins, bool ends>
  [[gnu::target("avx2"), gnu::always_inline]] void add_steps(const LineTile<Result>& tile, std::size_t first,
                                                             std::size_t count, Sums& sums) const {
    const std::int32_t* const offset = product_.steps.data() + first;
    const std::size_t width = task_.panel.width, columns = task_.panel.columns;
    const std::uint32_t* const panel = operands_.panel + first * width;
    const bool is_run = product_.rows.result.pixel == 1;
    for (std::size_t n = 0; n < columns; n += 2) {
      PairSums pairs;
      sum_pairs<Repeated::panel>(tile.left, offset, offset + count, panel + n, width * sizeof(std::uint32_t),
                                 pairs);
#pragma GCC unroll 2
      for (std::size_t c = 0; c < 2; ++c) {
        if (ends && n + c == columns) break;
        const __m256i start = _mm256_set1_epi32(operands_.start[n + c]);
        std::int32_t* const so_far = sums.of_column[n + c];
        const std::int64_t place = static_cast<std::int64_t>(n + c) * product_.column_pitch;
#pragma GCC unroll 6
        for (std::size_t v = 0; v < vectors; ++v) {
          std::int32_t* const of_vector = so_far + v * line_vector;
          const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(pairs[v][c], _mm256_set1_epi16(1)),
                                               begins ? start : load(of_vector));
          if (!ends)
            store(of_vector, sum);
          else if (is_run)
            store(tile.result[v] + place, finished(sum));
          else
            store_apart(tile.result[v] + place, finished(sum), product_.rows.result.pixel);
        }
      }
    }
  }

  [[gnu::target("avx2"), gnu::always_inline]] __m256i finished(__m256i sum) const {
    if constexpr (std::is_same_v<Result, float>)
      return _mm256_castps_si256(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(scale_)));
    else
      return sum;
  }

  const TileTask& task_;
  const LoweredProduct& product_;
  const LineOperands& operands_;
  float scale_;
};

}  // namespace

template <typename Result>
void run_line_task(const TileTask& task, const LineOperands& operands, float scale, Result* result) {
  const LoweredProduct& product = *task.product;
  const LineProduct<Result> lines(task, operands, scale);
  result += static_cast<std::int64_t>(task.panel.first) * product.column_pitch;
  LineTile<Result> tile;
  std::size_t count = 0;
  RowCursor cursor(product.rows, task.first_row);
  const std::int64_t pixels = product.rows.pixels, last = pixels - std::int64_t{line_vector};
  for (std::int64_t row = 0; row < task.row_count; row += pixels, cursor.advance(pixels))
    for (std::int64_t pixel = 0; pixel < pixels; pixel += line_vector) {
      const std::int64_t first = std::min(pixel, last);  // the last ones perhaps twice
      tile.left[count] = operands.left + cursor.left() + first;
      tile.result[count] = result + cursor.result() + first * product.rows.result.pixel;
      if (++count == vectors) lines.add(tile), count = 0;
    }
  if (count == 0) return;
  for (; count < vectors; ++count)
    tile.left[count] = tile.left[count - 1], tile.result[count] = tile.result[count - 1];
  lines.add(tile);
}
template void run_line_task(const TileTask&, const LineOperands&, float, std::int32_t*);
template void run_line_task(const TileTask&, const LineOperands&, float, float*);

}  // namespace quatrain::emu
