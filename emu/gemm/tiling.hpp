#pragma once
/// Cuts a lowered GEMM into tasks and tiles, and puts finished tiles where the result's natural shape wants
/// them. What a task covers depends on the sizes alone, never on the number of threads.

#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/inner_loops.hpp"
#include "emu/gemm/lowering.hpp"
#include "emu/gemm/words.hpp"
#include "traces/base/parallel_for.hpp"

#include <algorithm>
#include <span>
#include <type_traits>
#include <vector>

namespace quatrain::emu {

/// The columns of a product fall into panels of 16; the last is 8 wide where that is enough.
struct Panel {
  std::size_t first = 0, columns = 0, width = 0;
};

inline std::size_t panel_count(std::size_t columns) { return (columns + tile_pitch - 1) / tile_pitch; }

/// narrowest: the least width of the last panel, 8 or 16.
inline Panel panel_at(std::size_t index, std::size_t columns, std::size_t narrowest = 8) {
  const std::size_t first = index * tile_pitch, here = std::min(tile_pitch, columns - first);
  return {first, here, here <= narrowest ? narrowest : tile_pitch};
}

/// Columns of all panels, those past the end included.
inline std::size_t panel_columns(std::size_t columns, std::size_t narrowest = 8) {
  const Panel last = panel_at(panel_count(columns) - 1, columns, narrowest);
  return last.first + last.width;
}

/// Where the panels of a product stand: panel p begins at place + p * tile_pitch * steps.
struct PanelLayout {
  std::size_t place = 0;      ///< words before the product's first panel
  std::size_t steps = 0;      ///< of a panel; those past the product's are 0
  std::size_t narrowest = 8;  ///< width of a last panel
};

inline std::size_t words_of_panels(const PanelLayout& layout, const LoweredProduct& product) {
  return layout.steps * panel_columns(static_cast<std::size_t>(product.columns), layout.narrowest);
}

/// Of each product, one after the other. layout_of(product) says all but the place.
template <typename LayoutOf>
std::vector<PanelLayout> panel_layouts(const Lowering& lowering, const LayoutOf& layout_of) {
  std::vector<PanelLayout> layouts;
  std::size_t place = 0;
  for (const LoweredProduct& product : lowering.products()) {
    layouts.push_back(layout_of(product));
    layouts.back().place = place;
    place += words_of_panels(layouts.back(), product);
  }
  return layouts;
}
inline std::vector<PanelLayout> panel_layouts(const Lowering& lowering) {
  return panel_layouts(lowering, [](const LoweredProduct& product) {
    return PanelLayout{0, product.steps.size(), 8};
  });
}

/// Of all products.
inline std::size_t words_of_panels(const std::vector<PanelLayout>& layouts, const Lowering& lowering) {
  return layouts.back().place + words_of_panels(layouts.back(), lowering.products().back());
}

/// One task: some rows of one panel of one product.
struct TileTask {
  const LoweredProduct* product = nullptr;
  Panel panel;
  std::size_t panel_place = 0;  ///< words before the panel, those of all products counted
  std::int64_t first_row = 0, row_count = 0;
};

/// Words of a vector of 256 bits.
inline constexpr std::size_t line_vector = 8;

/// Whether vectors along the lines are mostly full.
inline bool follows_lines(const LoweredProduct& product) {
  constexpr std::int64_t vector = line_vector, most = 2048;  // a task has whole lines
  const std::int64_t pixels = product.rows.pixels, vectors = (pixels + vector - 1) / vector;
  return product.rows.left.pixel == 1 && pixels >= vector && pixels <= most &&
         4 * pixels >= 3 * vectors * vector;
}

/// layouts: panel_layouts(lowering). whole_lines: where follows_lines(). The tasks point into the lowering.
inline std::vector<TileTask> tile_tasks(const Lowering& lowering, const std::vector<PanelLayout>& layouts,
                                        bool whole_lines = false) {
  constexpr std::size_t steps_a_task = 16384;  // of tile_rows x 16 results each: some 20 microseconds or more
  std::vector<TileTask> tasks;
  for (std::size_t index = 0; index < lowering.products().size(); ++index) {
    const LoweredProduct& product = lowering.products()[index];
    const std::size_t tiles = std::max<std::size_t>(1, steps_a_task / product.steps.size());
    const std::int64_t whole = whole_lines && follows_lines(product) ? product.rows.pixels : 1;
    const auto some = static_cast<std::int64_t>(tile_rows * tiles), all = product.rows.count();
    const std::int64_t rows = (some + whole - 1) / whole * whole;
    for (std::int64_t first = 0; first < all; first += rows)
      for (std::size_t i = 0; i < panel_count(static_cast<std::size_t>(product.columns)); ++i) {
        const Panel panel = panel_at(i, static_cast<std::size_t>(product.columns));
        const std::size_t place = layouts[index].place + panel.first * layouts[index].steps;
        tasks.push_back({&product, panel, place, first, std::min(rows, all - first)});
      }
  }
  return tasks;
}

/// Rows one after the other: the places that they read and write.
class RowCursor {
 public:
  RowCursor(const RowNest& nest, std::int64_t row)
      : nest_(nest),
        pixel_(row % nest.pixels),
        line_(row / nest.pixels % nest.lines),
        plane_(row / nest.pixels / nest.lines) {}

  std::int64_t left() const {
    const std::int64_t tap =
        nest_.taps.empty() ? 0 : nest_.taps[static_cast<std::size_t>(line_ * nest_.pixels + pixel_)];
    return place(nest_.left) + tap;
  }
  std::int64_t result() const { return place(nest_.result); }
  /// Rows from here on whose places follow each other at one distance: those of the line, or one tap.
  std::int64_t line_rows() const { return nest_.taps.empty() ? nest_.pixels - pixel_ : 1; }
  /// rows: at most line_rows().
  void advance(std::int64_t rows = 1) {
    if ((pixel_ += rows) < nest_.pixels) return;
    pixel_ = 0;
    if (++line_ < nest_.lines) return;
    line_ = 0;
    ++plane_;
  }

 private:
  std::int64_t place(const RowNest::Places& at) const {
    return at.origin + plane_ * at.plane + line_ * at.line + pixel_ * at.pixel;
  }

  const RowNest& nest_;
  std::int64_t pixel_, line_, plane_;
};

/// Some rows of one panel: what a thread works on at a time. Sum: int32 or fp32.
template <typename Sum>
class TileBlock {
 public:
  static constexpr std::size_t most_rows = 8 * tile_rows;

  /// Takes up to most_rows rows from the cursor; every sum starts as its column's `start`.
  TileBlock(RowCursor& cursor, std::int64_t rows, const Sum* start)
      : count_(std::min(most_rows, static_cast<std::size_t>(rows))) {
    for (std::size_t row = 0; row < count_; ++row, cursor.advance()) {
      left_[row] = static_cast<std::int32_t>(cursor.left());
      result_[row] = cursor.result();
    }
    for (std::size_t row = count_; row < padded_count(); ++row) left_[row] = left_[count_ - 1];  // not stored
    for (std::size_t row = 0; row < padded_count(); ++row)
      std::copy(start, start + tile_pitch, &sums_[row * tile_pitch]);
  }

  std::int64_t count() const { return static_cast<std::int64_t>(count_); }

  /// add(left offsets of tile_rows rows, their sums), for all rows.
  template <typename Add>
  void for_each_tile(const Add& add) {
    for (std::size_t row = 0; row < count_; row += tile_rows) add(&left_[row], &sums_[row * tile_pitch]);
  }

  /// scale: of a result that is not the sums: f32(f32(sum) * scale).
  template <typename Result>
  void store(const Panel& panel, std::int64_t column_pitch, float scale, Result* result,
             SimdPath path) const {
    if constexpr (std::is_same_v<Result, Sum>) {
      store_values(sums_, panel, column_pitch, result, path);
    } else {
      float scaled[most_rows * tile_pitch];
      const std::size_t count = count_ * tile_pitch;
      scale_accumulators(std::span(sums_).first(count), scale, std::span(scaled).first(count), path);
      store_values(scaled, panel, column_pitch, result, path);
    }
  }

 private:
  template <typename Result>
  void store_values(const Result* values, const Panel& panel, std::int64_t column_pitch, Result* result,
                    SimdPath path) const {
    const auto pitch = static_cast<std::size_t>(column_pitch);
    result += panel.first * pitch;
    if (pitch == 1) {  // a row's results follow each other
      for (std::size_t row = 0; row < count_; ++row, values += tile_pitch)
        if (panel.columns == tile_pitch)
          std::copy_n(values, tile_pitch, result + result_[row]);
        else
          std::copy_n(values, panel.columns, result + result_[row]);
      return;
    }
    for (std::size_t row = 0; row < count_;) {
      std::size_t end = row + 1;  // rows whose results follow each other
      while (end < count_ && result_[end] == result_[end - 1] + 1) ++end;
      transpose_words(values + row * tile_pitch, end - row, panel.columns, tile_pitch, result + result_[row],
                      pitch, path);
      row = end;
    }
  }

  std::size_t padded_count() const { return (count_ + tile_rows - 1) / tile_rows * tile_rows; }

  std::size_t count_;
  std::int32_t left_[most_rows];
  std::int64_t result_[most_rows];
  alignas(32) Sum sums_[most_rows * tile_pitch];
};

/// Steps that are done for all tiles of a block before the next: their part of the panel stays in the cache.
inline constexpr std::size_t steps_a_block = 256;

/// Runs a task. start: tile_pitch sums; panels: the right operand's, one after the other (samples).
/// add(rows, steps, tile). Result: Sum, or float, with a scale.
template <typename Sum, typename Word, typename Result, typename Add>
void run_task(const TileTask& task, const Sum* start, std::span<const Word* const> panels, float scale,
              Result* result, SimdPath path, const Add& add) {
  const LoweredProduct& product = *task.product;
  const std::span<const std::int32_t> steps(product.steps);
  const std::size_t width = task.panel.width;
  RowCursor cursor(product.rows, task.first_row);
  for (std::int64_t left = task.row_count; left > 0;) {
    TileBlock<Sum> block(cursor, left, start);
    left -= block.count();
    for (const Word* words : panels)
      for (std::size_t first = 0; first < steps.size(); first += steps_a_block) {
        const PanelSteps<Word> some{steps.subspan(first, std::min(steps_a_block, steps.size() - first)),
                                    words + first * width, width};
        block.for_each_tile([&](const std::int32_t* rows, Sum* tile) { add(rows, some, tile); });
      }
    block.store(task.panel, product.column_pitch, scale, result, path);
  }
}

}  // namespace quatrain::emu
