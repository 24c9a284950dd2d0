#pragma once
/// A lowered GEMM on the 512-bit paths: cut into tasks, each some rows, some panels and some steps. A task
/// copies the windows of block_rows rows and block_steps steps into a block and multiplies it with all its
/// panels. What a task covers depends on the sizes alone.

#include "emu/gemm/blocks.hpp"
#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/tiling.hpp"
#include "emu/gemm/wide_loops.hpp"
#include "emu/simd/aligned_vector.hpp"

#include <array>
#include <type_traits>

namespace quatrain::emu {

/// A product with what its tasks have in common.
struct WideProduct {
  const LoweredProduct* lowered = nullptr;
  PanelLayout layout;
  BlockOrder order = BlockOrder::rows_follow;
  std::size_t columns = 0, first_column = 0;    ///< of all panels; of those of the products before
  std::vector<std::vector<Piece>> step_pieces;  ///< of each block of steps, where steps follow

  std::size_t steps() const { return lowered->steps.size(); }
};

/// Which way the left tensor can be copied with fewer loads.
inline BlockOrder block_order(const LoweredProduct& product) {
  std::vector<std::int64_t> rows;
  RowCursor cursor(product.rows, 0);
  while (rows.size() < block_rows && static_cast<std::int64_t>(rows.size()) < product.rows.count()) {
    rows.push_back(cursor.left());
    cursor.advance();
  }
  const std::span<const std::int32_t> steps(product.steps);
  const auto some = steps.first(std::min(block_steps, steps.size()));
  const std::size_t by_rows = cost_of(pieces_of(std::span<const std::int64_t>(rows))) * some.size();
  const std::size_t by_steps = cost_of(pieces_of(some)) * rows.size();
  return by_rows <= by_steps ? BlockOrder::rows_follow : BlockOrder::steps_follow;
}

/// layout_of(order, steps): see PanelLayout; its place is set here.
template <typename LayoutOf>
std::vector<WideProduct> wide_products(const Lowering& lowering, const LayoutOf& layout_of) {
  std::vector<WideProduct> products;
  std::size_t place = 0, column = 0;
  for (const LoweredProduct& lowered : lowering.products()) {
    WideProduct product{.lowered = &lowered, .layout = {}, .order = block_order(lowered), .step_pieces = {}};
    product.layout = layout_of(product.order, lowered.steps.size());
    product.layout.place = place;
    product.columns = panel_columns(static_cast<std::size_t>(lowered.columns), product.layout.narrowest);
    product.first_column = column;
    place += product.layout.steps * product.columns;
    column += product.columns;
    const std::span<const std::int32_t> steps(lowered.steps);
    if (product.order == BlockOrder::steps_follow)
      for (std::size_t first = 0; first < steps.size(); first += block_steps)
        product.step_pieces.push_back(
            pieces_of(steps.subspan(first, std::min(block_steps, steps.size() - first))));
    products.push_back(std::move(product));
  }
  return products;
}

inline std::vector<PanelLayout> layouts_of(const std::vector<WideProduct>& products) {
  std::vector<PanelLayout> layouts;
  for (const WideProduct& product : products) layouts.push_back(product.layout);
  return layouts;
}

/// Some rows, panels and steps of a product. Steps of one part add to the same results.
struct WideTask {
  const WideProduct* product = nullptr;
  std::size_t first_panel = 0, panels = 0;
  std::int64_t first_row = 0, rows = 0;
  std::size_t first_step = 0, steps = 0;
  std::size_t part = 0;
};

inline constexpr std::size_t panels_a_task = 8;

/// So many parts of the steps that a product of few results makes several tasks.
inline std::size_t step_parts(const WideProduct& product) {
  const std::size_t tiles =
      static_cast<std::size_t>(product.lowered->rows.count()) / block_rows * (product.columns / panel_width);
  const std::size_t parts = product.steps() / (8 * block_steps);
  return tiles >= 16 ? 1 : std::clamp<std::size_t>(parts, 1, 8);
}

inline std::vector<WideTask> wide_tasks(const std::vector<WideProduct>& products, std::size_t parts) {
  constexpr std::size_t steps_a_task = 16384;  // of a block's rows times one panel
  std::vector<WideTask> tasks;
  for (const WideProduct& product : products) {
    const std::size_t panels = panel_count(static_cast<std::size_t>(product.lowered->columns));
    const std::size_t steps = (product.steps() / parts + block_steps) / block_steps * block_steps;
    const std::size_t blocks = std::max<std::size_t>(
        1, steps_a_task / (std::min(panels, panels_a_task) * std::min(steps, product.steps())));
    const auto rows = static_cast<std::int64_t>(block_rows * blocks), all = product.lowered->rows.count();
    for (std::size_t step = 0; step < product.steps(); step += steps)
      for (std::int64_t row = 0; row < all; row += rows)
        for (std::size_t panel = 0; panel < panels; panel += panels_a_task)
          tasks.push_back({&product, panel, std::min(panels_a_task, panels - panel), row,
                           std::min(rows, all - row), step, std::min(steps, product.steps() - step),
                           step / steps});
  }
  return tasks;
}

/// Rows that follow each other: where they read and write.
struct BlockRows {
  BlockRows(RowCursor& cursor, std::int64_t rows)
      : count(std::min(block_rows, static_cast<std::size_t>(rows))) {
    for (std::size_t row = 0; row < count; ++row, cursor.advance()) {
      left[row] = static_cast<std::int32_t>(cursor.left());
      result[row] = cursor.result();
    }
  }
  std::span<const std::int32_t> lefts() const { return std::span(left).first(count); }
  std::span<const std::int64_t> results() const { return std::span(result).first(count); }

  std::size_t count;
  std::array<std::int32_t, block_rows> left{};
  std::array<std::int64_t, block_rows> result{};
};

/// One task at work: its block and its sums.
template <typename Word, typename Sum>
class WideTaskRun {
 public:
  /// starts: of every column of every product; empty: 0. scale: of a result that is not the sums.
  WideTaskRun(const WideTask& task, std::span<const Sum> starts, float scale = 0)
      : task_(task),
        product_(*task.product),
        starts_(starts),
        scale_(scale),
        sums_(task.panels * panel_sums) {}

  /// right: the panels of each sample; result: natural shape; floats in place of integer sums are scaled.
  /// Loops: wide_loops.hpp.
  template <typename Loops, typename Result>
  void run(const Word* left, std::span<const Word* const> right, Result* result, SimdPath path) {
    const Loops loops;
    RowCursor cursor(product_.lowered->rows, task_.first_row);
    for (std::int64_t row = 0; row < task_.rows;) {
      const BlockRows rows(cursor, task_.rows - row);
      row += static_cast<std::int64_t>(rows.count);
      set_sums();
      add_terms(left, right, rows, loops);
      for (std::size_t panel = 0; panel < task_.panels; ++panel) store(panel, rows, result, path);
    }
  }

 private:
  Panel panel(std::size_t index) const {
    return panel_at(task_.first_panel + index, static_cast<std::size_t>(product_.lowered->columns),
                    product_.layout.narrowest);
  }

  void set_sums() {
    if (starts_.empty()) return std::fill(sums_.begin(), sums_.end(), Sum{0});
    for (std::size_t index = 0; index < task_.panels; ++index) {
      const Panel here = panel(index);
      const Sum* const start = &starts_[product_.first_column + here.first];
      Sum* const sums = &sums_[index * panel_sums];
      if (product_.order == BlockOrder::rows_follow)
        for (std::size_t n = 0; n < here.width; ++n) std::fill_n(sums + n * block_rows, block_rows, start[n]);
      else
        for (std::size_t row = 0; row < block_rows; ++row)
          std::copy_n(start, here.width, sums + row * panel_width);
    }
  }

  template <typename Loops>
  void add_terms(const Word* left, std::span<const Word* const> right, const BlockRows& rows,
                 const Loops& loops) {
    const std::span<const std::int32_t> all(product_.lowered->steps);
    std::vector<Piece> row_pieces;
    if (product_.order == BlockOrder::rows_follow) row_pieces = pieces_of(rows.lefts());
    const std::size_t last = task_.first_step + task_.steps;
    for (std::size_t first = task_.first_step; first < last; first += block_steps) {
      const std::span<const std::int32_t> some = all.subspan(first, std::min(block_steps, last - first));
      if (product_.order == BlockOrder::rows_follow)
        gather_block<Word>(left, some, row_pieces, block_rows, block_.data());
      else
        gather_block<Word>(left, rows.lefts(), product_.step_pieces[first / block_steps], block_steps,
                           block_.data());
      for (const Word* const panels : right)
        for (std::size_t index = 0; index < task_.panels;) {
          const Panel here = panel(index);
          const std::size_t pitch = panel_width * product_.layout.steps;
          const bool is_pair = index + 1 < task_.panels && panel(index + 1).width == panel_width;
          const Word* const words =
              panels + product_.layout.place + here.first * product_.layout.steps + first * here.width;
          loops.add({product_.order, block_.data(), rows.count, some.size(), words, here.width,
                     is_pair ? std::size_t{2} : std::size_t{1}, pitch, &sums_[index * panel_sums]});
          index += is_pair ? 2 : 1;
        }
    }
  }

  template <typename Result>
  void store(std::size_t index, const BlockRows& rows, Result* result, SimdPath path) const {
    const Sum* const sums = &sums_[index * panel_sums];
    if constexpr (std::is_same_v<Result, Sum>) {
      store_values(sums, panel(index), rows, result, path);
    } else {
      alignas(64) Result scaled[panel_sums];
      scale_accumulators({sums, panel_sums}, scale_, scaled, path);
      store_values(scaled, panel(index), rows, result, path);
    }
  }

  template <typename Result>
  void store_values(const Result* values, const Panel& here, const BlockRows& rows, Result* result,
                    SimdPath path) const {
    const auto pitch = product_.lowered->column_pitch;
    result += static_cast<std::int64_t>(here.first) * pitch;
    if (product_.order == BlockOrder::rows_follow) {
      const std::vector<Piece> pieces = pieces_of(rows.results());
      for (std::size_t n = 0; n < here.columns; ++n)
        scatter_pieces(values + n * block_rows, pieces, result + static_cast<std::int64_t>(n) * pitch);
      return;
    }
    if (pitch == 1) return store_lines(values, here.columns, rows.results(), result);
    for (std::size_t row = 0; row < rows.count;) {
      std::size_t end = row + 1;  // rows whose results follow each other
      while (end < rows.count && rows.result[end] == rows.result[end - 1] + 1) ++end;
      transpose_words(values + row * panel_width, end - row, here.columns, panel_width,
                      result + rows.result[row], static_cast<std::size_t>(pitch), path);
      row = end;
    }
  }

  const WideTask& task_;
  const WideProduct& product_;
  std::span<const Sum> starts_;
  float scale_;
  AlignedVector<Sum> sums_;
  AlignedVector<Word> block_ = AlignedVector<Word>(block_rows * block_steps + vector_words);
};

}  // namespace quatrain::emu
