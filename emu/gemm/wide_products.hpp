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

/// Panels whose words leave room in the second cache.
inline std::size_t panels_a_task(std::size_t steps) {
  constexpr std::size_t words = std::size_t{1} << 18;
  return std::clamp<std::size_t>(words / (panel_width * steps), 4, 64);
}

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
    const std::size_t steps_here = std::min(steps, product.steps());
    const std::size_t panels_here = std::min(panels, panels_a_task(steps_here));
    const std::size_t blocks = std::max<std::size_t>(1, steps_a_task / (panels_here * steps_here));
    const auto rows = static_cast<std::int64_t>(block_rows * blocks), all = product.lowered->rows.count();
    for (std::size_t step = 0; step < product.steps(); step += steps)
      for (std::size_t panel = 0; panel < panels;
           panel += panels_here)  // then rows: the panels stay in the cache
        for (std::int64_t row = 0; row < all; row += rows)
          tasks.push_back({&product, panel, std::min(panels_here, panels - panel), row,
                           std::min(rows, all - row), step, std::min(steps, product.steps() - step),
                           step / steps});
  }
  return tasks;
}

/// Rows that follow each other: where they read and write, as pieces where rows follow, else one by one.
class BlockRows {
 public:
  /// Takes as many as a block has, or all `rows`.
  void take(RowCursor& cursor, const RowNest& nest, std::int64_t rows, BlockOrder order) {
    left_pieces_.clear(), result_pieces_.clear();
    count_ = std::min(block_rows, static_cast<std::size_t>(rows));
    for (std::size_t row = 0; row < count_;) {
      const std::size_t here = std::min(count_ - row, static_cast<std::size_t>(cursor.line_rows()));
      std::int64_t left = cursor.left(), result = cursor.result();
      const std::size_t end = row + here;
      switch (order) {
        case BlockOrder::rows_follow:
          add_places(left_pieces_, left, static_cast<std::int32_t>(nest.left.pixel), here, row);
          add_places(result_pieces_, result, static_cast<std::int32_t>(nest.result.pixel), here, row);
          row = end;
          break;
        case BlockOrder::steps_follow:
          for (; row < end; ++row) {
            left_[row] = static_cast<std::int32_t>(left), left += nest.left.pixel;
            result_[row] = result, result += nest.result.pixel;
          }
          break;
      }
      cursor.advance(static_cast<std::int64_t>(here));
    }
  }

  std::size_t count() const { return count_; }
  std::span<const std::int32_t> lefts() const { return std::span(left_).first(count_); }
  std::span<const std::int64_t> results() const { return std::span(result_).first(count_); }
  const std::vector<Piece>& left_pieces() const { return left_pieces_; }
  const std::vector<Piece>& result_pieces() const { return result_pieces_; }

 private:
  std::size_t count_ = 0;
  std::array<std::int32_t, block_rows> left_;
  std::array<std::int64_t, block_rows> result_;
  std::vector<Piece> left_pieces_, result_pieces_;
};

/// Whether the vectors of a whole block stand in a row each.
inline bool are_whole_vectors(std::span<const Piece> pieces) {
  return pieces.size() == row_vectors && std::all_of(pieces.begin(), pieces.end(), [](const Piece& piece) {
           return piece.stride == 1 && piece.count == vector_words;
         });
}

/// Whether these vectors follow each other.
inline bool is_one_run(std::span<const Piece> pieces) {
  return are_whole_vectors(pieces) && pieces[1].from == pieces[0].from + std::int64_t{vector_words} &&
         pieces[2].from == pieces[1].from + std::int64_t{vector_words};
}

/// Of a block's steps where rows follow.
inline constexpr auto block_offsets = [] {
  std::array<std::int32_t, block_steps> offsets{};
  for (std::size_t step = 0; step < block_steps; ++step)
    offsets[step] = static_cast<std::int32_t>(step * block_rows);
  return offsets;
}();

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
    const RowNest& nest = product_.lowered->rows;
    RowCursor cursor(nest, task_.first_row);
    BlockRows rows;
    for (std::int64_t row = 0; row < task_.rows; row += static_cast<std::int64_t>(rows.count())) {
      rows.take(cursor, nest, task_.rows - row, product_.order);
      const SumPlace place = place_of_sums(rows, result);
      add_terms(left, right, rows, place, loops);
      if (place.at == nullptr) store(rows, result, path);
    }
  }

 private:
  Panel panel(std::size_t index) const {
    return panel_at(task_.first_panel + index, static_cast<std::size_t>(product_.lowered->columns),
                    product_.layout.narrowest);
  }

  /// Where sums go at once rather than through sums_; at: null where they cannot.
  struct SumPlace {
    Sum* at = nullptr;
    std::size_t pitch = 0;  ///< between columns where rows follow, else between rows
    std::size_t panel = 0;  ///< between panels
  };

  template <typename Result>
  SumPlace place_of_sums(const BlockRows& rows, Result* result) const {
    if constexpr (std::is_same_v<Result, Sum>) {
      const Panel last = panel(task_.panels - 1);
      if (last.columns < last.width || rows.count() < block_rows) return {};
      const auto pitch = static_cast<std::size_t>(product_.lowered->column_pitch);
      Sum* const at = result + static_cast<std::int64_t>(panel(0).first * pitch);
      switch (product_.order) {
        case BlockOrder::rows_follow:
          if (!is_one_run(rows.result_pieces())) return {};
          return {at + rows.result_pieces().front().from, pitch, panel_width * pitch};
        case BlockOrder::steps_follow:
          if (pitch != 1) return {};  // else a row is an image
          return {at + rows.results()[0], static_cast<std::size_t>(rows.results()[1] - rows.results()[0]),
                  panel_width};
      }
    }
    return {};
  }

  template <typename Loops>
  void add_terms(const Word* left, std::span<const Word* const> right, const BlockRows& rows,
                 const SumPlace& place, const Loops& loops) {
    static constexpr std::array<Sum, 2 * panel_width> zeros{};
    const std::span<const std::int32_t> all(product_.lowered->steps);
    const bool rows_follow = product_.order == BlockOrder::rows_follow;
    const bool is_in_place = Loops::reads_in_place && rows_follow && are_whole_vectors(rows.left_pieces());
    const std::size_t last = task_.first_step + task_.steps;
    bool begins = true;
    for (std::size_t first = task_.first_step; first < last; first += block_steps) {
      const std::span<const std::int32_t> some = all.subspan(first, std::min(block_steps, last - first));
      std::array<const Word*, row_vectors> vectors;
      for (std::size_t v = 0; v < row_vectors; ++v)
        vectors[v] = is_in_place ? left + rows.left_pieces()[v].from : block_.data() + v * vector_words;
      if (!is_in_place && rows_follow)
        gather_block<Word>(left, some, rows.left_pieces(), block_rows, block_.data());
      else if (!is_in_place)
        gather_block<Word>(left, rows.lefts(), product_.step_pieces[first / block_steps], block_steps,
                           block_.data());
      for (const Word* const& panels : right) {
        const bool ends = first + block_steps >= last && &panels == &right.back();
        for (std::size_t index = 0; index < task_.panels;) {
          const Panel here = panel(index);
          const bool is_pair = index + 1 < task_.panels && panel(index + 1).width == panel_width;
          Sum* const sums = &sums_[index * panel_sums];
          const bool is_last = ends && place.at != nullptr;
          loops.add({.order = product_.order,
                     .left = vectors,
                     .offsets = is_in_place ? some.data() : block_offsets.data(),
                     .rows = rows.count(),
                     .steps = some.size(),
                     .panel = panels + product_.layout.place + here.first * product_.layout.steps +
                              first * here.width,
                     .width = here.width,
                     .panels = is_pair ? std::size_t{2} : std::size_t{1},
                     .panel_pitch = panel_width * product_.layout.steps,
                     .starts = starts_.empty() ? zeros.data() : &starts_[product_.first_column + here.first],
                     .from = begins ? nullptr : sums,
                     .to = is_last ? place.at + index * place.panel : sums,
                     .to_pitch = is_last       ? place.pitch
                                 : rows_follow ? block_rows
                                               : panel_width,
                     .to_panel = is_last ? place.panel : panel_sums});
          index += is_pair ? 2 : 1;
        }
        begins = false;
      }
    }
  }

  template <typename Result>
  void store(const BlockRows& rows, Result* result, SimdPath path) {
    if constexpr (std::is_same_v<Result, Sum>) {
      store_values(sums_.data(), rows, result, path);
    } else if (product_.order == BlockOrder::rows_follow) {
      store_columns(sums_.data(), rows, result);
    } else {
      scaled_.resize(sums_.size());
      scale_accumulators(sums_, scale_, scaled_, path);
      store_values(scaled_.data(), rows, result, path);
    }
  }

  template <typename Result>
  void store_values(const Result* values, const BlockRows& rows, Result* result, SimdPath path) {
    if (product_.order == BlockOrder::rows_follow) return store_columns(values, rows, result);
    const auto pitch = product_.lowered->column_pitch;
    const std::size_t first = panel(0).first;
    const Panel last = panel(task_.panels - 1);
    result += static_cast<std::int64_t>(first) * pitch;
    if (pitch == 1)
      return store_lines(values, panel_sums, last.first + last.columns - first, rows.results(), result);
    for (std::size_t index = 0; index < task_.panels; ++index) {
      store_panel(values, panel(index).columns, rows, result, path);
      values += panel_sums;
      result += static_cast<std::int64_t>(panel_width) * pitch;
    }
  }

  /// Where rows follow.
  template <typename Value, typename Result>
  void store_columns(const Value* values, const BlockRows& rows, Result* result) const {
    const auto pitch = static_cast<std::size_t>(product_.lowered->column_pitch);
    for (std::size_t index = 0; index < task_.panels; ++index) {
      const Panel here = panel(index);
      const Value* const from = values + index * panel_sums;
      Result* const to = result + here.first * pitch;
      if constexpr (std::is_same_v<Value, Result>)
        scatter_columns(from, here.columns, rows.result_pieces(), to, pitch);
      else
        scatter_scaled(from, here.columns, rows.result_pieces(), scale_, to, pitch);
    }
  }

  template <typename Result>
  void store_panel(const Result* values, std::size_t columns, const BlockRows& rows, Result* result,
                   SimdPath path) const {
    const auto pitch = product_.lowered->column_pitch;
    for (std::size_t row = 0; row < rows.count();) {
      std::size_t end = row + 1;  // rows whose results follow each other
      while (end < rows.count() && rows.results()[end] == rows.results()[end - 1] + 1) ++end;
      transpose_words(values + row * panel_width, end - row, columns, panel_width,
                      result + rows.results()[row], static_cast<std::size_t>(pitch), path);
      row = end;
    }
  }

  const WideTask& task_;
  const WideProduct& product_;
  std::span<const Sum> starts_;
  float scale_;
  AlignedVector<Sum> sums_;
  AlignedVector<float> scaled_;
  /// Zeros at first: rows past the task's are computed, and a product of subnormal leftovers takes a hundred
  /// times as long.
  AlignedVector<Word> block_ = AlignedVector<Word>(block_rows * block_steps, Word{});
};

}  // namespace quatrain::emu
