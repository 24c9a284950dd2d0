#pragma once
/// The innermost loops of the 512-bit paths: a block of the left operand times a panel of 8 or 16 columns.
///     sums(row, n) += sum over s of block(row, s) * panel[s][n]
/// Where the block's rows lie in a row (rows_follow), vectors run over rows and the panel's words are
/// repeated; where its steps do, vectors run over columns and the block's words are repeated. An Arithmetic
/// says how one vector of terms is added.

#include "emu/gemm/blocks.hpp"
#include "emu/simd/intrinsics.hpp"

namespace quatrain::emu {

/// Sums of a block and a panel.
inline constexpr std::size_t panel_sums = block_rows * panel_width;

template <typename Word, typename Sum>
struct BlockProduct {
  BlockOrder order;
  const Word* block;  ///< rows past `rows` may hold anything
  std::size_t rows;
  std::size_t steps;
  const Word* panel;
  std::size_t width;        ///< 8 or 16; 16 where steps follow
  std::size_t panels;       ///< 1, or 2 with their words panel_pitch apart and their sums panel_sums apart
  std::size_t panel_pitch;  ///< in words
  Sum* sums;                ///< rows_follow: [n * block_rows + row]; steps_follow: [row * panel_width + n]
};

template <typename Arithmetic, std::size_t vectors>
QUATRAIN_AVX512 void add_to_rows(const typename Arithmetic::Word* left, std::size_t steps,
                                 const typename Arithmetic::Word* panel, std::size_t width,
                                 typename Arithmetic::Sum* sums) {
  constexpr std::size_t columns = 8;
  typename Arithmetic::Vector sum[columns][vectors];
#pragma GCC unroll 8
  for (std::size_t n = 0; n < columns; ++n)
#pragma GCC unroll 3
    for (std::size_t v = 0; v < vectors; ++v)
      sum[n][v] = Arithmetic::load(sums + n * block_rows + v * vector_words);
  for (std::size_t s = 0; s < steps; ++s, left += block_rows, panel += width) {
    typename Arithmetic::Left some[vectors];
#pragma GCC unroll 3
    for (std::size_t v = 0; v < vectors; ++v) some[v] = Arithmetic::left(left + v * vector_words);
#pragma GCC unroll 8
    for (std::size_t n = 0; n < columns; ++n) {
      const typename Arithmetic::Vector right = Arithmetic::repeated(panel[n]);
#pragma GCC unroll 3
      for (std::size_t v = 0; v < vectors; ++v) Arithmetic::add(sum[n][v], some[v], right);
    }
  }
#pragma GCC unroll 8
  for (std::size_t n = 0; n < columns; ++n)
#pragma GCC unroll 3
    for (std::size_t v = 0; v < vectors; ++v)
      Arithmetic::store(sums + n * block_rows + v * vector_words, sum[n][v]);
}

/// rows x panels vectors of sums: 24 x 1 or, with half the loads of the block, 12 x 2.
template <typename Arithmetic, std::size_t rows, std::size_t panels>
QUATRAIN_AVX512 void add_to_columns(const typename Arithmetic::Word* left, std::size_t steps,
                                    const typename Arithmetic::Word* panel, std::size_t panel_pitch,
                                    typename Arithmetic::Sum* sums) {
  typename Arithmetic::Vector sum[rows][panels];
#pragma GCC unroll 24
  for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (std::size_t p = 0; p < panels; ++p)
      sum[r][p] = Arithmetic::load(sums + p * panel_sums + r * panel_width);
  for (std::size_t s = 0; s < steps; ++s, ++left, panel += panel_width) {
    typename Arithmetic::Vector right[panels];
#pragma GCC unroll 2
    for (std::size_t p = 0; p < panels; ++p) right[p] = Arithmetic::load(panel + p * panel_pitch);
#pragma GCC unroll 24
    for (std::size_t r = 0; r < rows; ++r) {
      const typename Arithmetic::Left word = Arithmetic::repeated_left(left[r * block_steps]);
#pragma GCC unroll 2
      for (std::size_t p = 0; p < panels; ++p) Arithmetic::add(sum[r][p], word, right[p]);
    }
  }
#pragma GCC unroll 24
  for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 2
    for (std::size_t p = 0; p < panels; ++p)
      Arithmetic::store(sums + p * panel_sums + r * panel_width, sum[r][p]);
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
          add(p.block, p.steps, p.panel + panel * p.panel_pitch + n, p.width,
              p.sums + panel * panel_sums + n * block_rows);
        }
      return;
    case BlockOrder::steps_follow:
      for (std::size_t row = 0; row < p.rows;) {
        const std::size_t left = p.rows - row, some = p.panels == 2 ? 12 : left > 16 ? 24 : 8;
        const auto add = some == 12   ? add_to_columns<Arithmetic, 12, 2>
                         : some == 24 ? add_to_columns<Arithmetic, 24, 1>
                                      : add_to_columns<Arithmetic, 8, 1>;
        add(p.block + row * block_steps, p.steps, p.panel, p.panel_pitch, p.sums + row * panel_width);
        row += some;
      }
      return;
  }
}

}  // namespace quatrain::emu
