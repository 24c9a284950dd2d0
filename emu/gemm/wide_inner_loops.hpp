#pragma once
/// The innermost loops of the 512-bit paths: a block of the left operand times a panel of 8 or 16 columns.
///     to(row, n) = from(row, n) or starts[n] + sum over s of left(row, s) * panel[s][n]
/// Where the left operand's rows lie in a row (rows_follow), vectors run over rows and the panel's words are
/// repeated; where its steps do, vectors run over columns and the left words are repeated. An Arithmetic
/// says how one vector of terms is added.

#include "emu/gemm/blocks.hpp"
#include "emu/simd/intrinsics.hpp"

#include <array>

namespace quatrain::emu {

/// Sums of a block and a panel.
inline constexpr std::size_t panel_sums = block_rows * panel_width;

/// Vectors of a block's rows.
inline constexpr std::size_t row_vectors = block_rows / vector_words;

template <typename Word, typename Sum>
struct BlockProduct {
  BlockOrder order;
  /// rows_follow: where each vector's rows begin, for step s offsets[s] further on; steps_follow: the first
  /// is a block, [row * block_steps + step]. Rows past `rows` may hold anything.
  std::array<const Word*, row_vectors> left;
  const std::int32_t* offsets;
  std::size_t rows;
  std::size_t steps;
  const Word* panel;
  std::size_t width;        ///< 8 or 16; 16 where steps follow
  std::size_t panels;       ///< 1, or 2 with their words panel_pitch apart and their sums panel_sums apart
  std::size_t panel_pitch;  ///< in words
  const Sum* starts;        ///< of each column, of all panels
  const Sum* from;          ///< the sums so far, or null; rows_follow: [n * block_rows + row],
                            ///< steps_follow: [row * panel_width + n]
  Sum* to;                  ///< may be `from`; of all block_rows rows
  std::size_t to_pitch;     ///< of `to`, in place of block_rows or panel_width
  std::size_t to_panel;     ///< between the results of two panels
};

/// 8 columns from the n-th of a panel on.
template <typename Arithmetic, std::size_t vectors>
QUATRAIN_AVX512 void add_to_rows(const BlockProduct<typename Arithmetic::Word, typename Arithmetic::Sum>& p,
                                 const typename Arithmetic::Word* panel, std::size_t index,
                                 std::size_t first) {
  using Sum = typename Arithmetic::Sum;
  constexpr std::size_t columns = 8;
  typename Arithmetic::Vector sum[columns][vectors];
  if (p.from != nullptr) {
    const Sum* const from = p.from + index * panel_sums + first * block_rows;
#pragma GCC unroll 8
    for (std::size_t n = 0; n < columns; ++n)
#pragma GCC unroll 3
      for (std::size_t v = 0; v < vectors; ++v)
        sum[n][v] = Arithmetic::load(from + n * block_rows + v * vector_words);
  } else {
    const Sum* const starts = p.starts + index * panel_width + first;
#pragma GCC unroll 8
    for (std::size_t n = 0; n < columns; ++n)
#pragma GCC unroll 3
      for (std::size_t v = 0; v < vectors; ++v) sum[n][v] = Arithmetic::repeated_sum(starts[n]);
  }
  panel += first;
  const auto left = p.left;
  for (const std::int32_t *offset = p.offsets, *end = offset + p.steps; offset < end;
       ++offset, panel += p.width) {
    typename Arithmetic::Left some[vectors];
#pragma GCC unroll 3
    for (std::size_t v = 0; v < vectors; ++v) some[v] = Arithmetic::left(left[v] + *offset);
#pragma GCC unroll 8
    for (std::size_t n = 0; n < columns; ++n) {
      const typename Arithmetic::Vector right = Arithmetic::repeated(panel[n]);
#pragma GCC unroll 3
      for (std::size_t v = 0; v < vectors; ++v) Arithmetic::add(sum[n][v], some[v], right);
    }
  }
  Sum* const to = p.to + index * p.to_panel + first * p.to_pitch;
#pragma GCC unroll 8
  for (std::size_t n = 0; n < columns; ++n)
#pragma GCC unroll 3
    for (std::size_t v = 0; v < vectors; ++v)
      Arithmetic::store(to + n * p.to_pitch + v * vector_words, sum[n][v]);
}

/// rows x panels vectors of sums: 24 x 1 or, with half the loads of the block, 12 x 2.
template <typename Arithmetic, std::size_t rows, std::size_t panels>
QUATRAIN_AVX512 void add_to_columns(
    const BlockProduct<typename Arithmetic::Word, typename Arithmetic::Sum>& p, std::size_t first) {
  using Sum = typename Arithmetic::Sum;
  typename Arithmetic::Vector sum[rows][panels];
#pragma GCC unroll 2
  for (std::size_t q = 0; q < panels; ++q) {
    const Sum* const from =
        p.from == nullptr ? p.starts + q * panel_width : p.from + q * panel_sums + first * panel_width;
    const std::size_t pitch = p.from == nullptr ? 0 : panel_width;
#pragma GCC unroll 24
    for (std::size_t r = 0; r < rows; ++r) sum[r][q] = Arithmetic::load(from + r * pitch);
  }
  const typename Arithmetic::Word *left = p.left.front() + first * block_steps, *panel = p.panel;
  for (std::size_t s = 0; s < p.steps; ++s, ++left, panel += panel_width) {
    typename Arithmetic::Vector right[panels];
#pragma GCC unroll 2
    for (std::size_t q = 0; q < panels; ++q) right[q] = Arithmetic::load(panel + q * p.panel_pitch);
#pragma GCC unroll 24
    for (std::size_t r = 0; r < rows; ++r) {
      const typename Arithmetic::Left word = Arithmetic::repeated_left(left[r * block_steps]);
#pragma GCC unroll 2
      for (std::size_t q = 0; q < panels; ++q) Arithmetic::add(sum[r][q], word, right[q]);
    }
  }
  Sum* const to = p.to + first * p.to_pitch;
#pragma GCC unroll 24
  for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (std::size_t q = 0; q < panels; ++q)
      Arithmetic::store(to + q * p.to_panel + r * p.to_pitch, sum[r][q]);
}

template <typename Arithmetic>
void add_block(const BlockProduct<typename Arithmetic::Word, typename Arithmetic::Sum>& p) {
  switch (p.order) {
    case BlockOrder::rows_follow:
      for (std::size_t panel = 0; panel < p.panels; ++panel)
        for (std::size_t n = 0; n < p.width; n += 8) {
          const auto add = p.rows > 32   ? add_to_rows<Arithmetic, 3>
                           : p.rows > 16 ? add_to_rows<Arithmetic, 2>
                                         : add_to_rows<Arithmetic, 1>;
          add(p, p.panel + panel * p.panel_pitch, panel, n);
        }
      return;
    case BlockOrder::steps_follow:
      for (std::size_t row = 0; row < p.rows;) {
        const std::size_t left = p.rows - row, some = p.panels == 2 ? 12 : left > 16 ? 24 : 8;
        const auto add = some == 12   ? add_to_columns<Arithmetic, 12, 2>
                         : some == 24 ? add_to_columns<Arithmetic, 24, 1>
                                      : add_to_columns<Arithmetic, 8, 1>;
        add(p, row);
        row += some;
      }
      return;
  }
}

}  // namespace quatrain::emu
