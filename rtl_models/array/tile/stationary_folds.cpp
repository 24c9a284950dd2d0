#include "rtl_models/array/tile/stationary_folds.hpp"

#include "rtl_models/pe/sum_unit.hpp"
#include "rtl_models/schedule/sum_order.hpp"

#include <algorithm>
#include <bit>

namespace quatrain::rtl_models {
namespace {

constexpr std::uint64_t most_moving = 2048;  ///< of the stream at a time

std::uint64_t changed_bits(unsigned before, unsigned after) {
  return static_cast<std::uint64_t>(std::popcount(before ^ after));
}

}  // namespace

StationaryFolds::StationaryFolds(const TileJob& job, Preload preload, Held which)
    : job_(job),
      preload_(preload),
      which_(which),
      address_(job.gemm),
      left_(OperandCodes::left(job.gemm, job.left)),
      held_table_(code_table(which == Held::left ? job.left.encoding : job.right[0].encoding)),
      moving_table_(code_table(which == Held::left ? job.right[0].encoding : job.left.encoding)),
      held_panel_(job.path),
      moving_panel_(job.path),
      moving_codes_(job.operands(which == Held::left ? job.right[0].encoding : job.left.encoding),
                    job.array.rows, job.array.columns, job.end, job.path),
      held_operands_(job.operands(which == Held::left ? job.left.encoding : job.right[0].encoding)),
      chain_(std::size_t{job.array.rows} * job.array.columns),
      held_(chain_.size()),
      stride_((job.array.columns + sum_lanes - 1) / sum_lanes * sum_lanes),
      sums_(job.array.rows * stride_) {
  for (const traces::Operand& sample : job.right) right_.push_back(OperandCodes::right(job.gemm, sample));
}

void StationaryFolds::compute(const Tile& tile, const TileTimes& times) {
  const bool holds_left = which_ == Held::left;
  const Lines rows{tile.group, tile.first_row, tile.rows},
      columns{tile.group, tile.first_column, tile.columns};
  held_panel_.load_by_k(holds_left ? left_ : right_[tile.sample], held_table_, holds_left ? rows : columns,
                        *tile.k, sum_lanes);
  preload(times);
  if (preload_ == Preload::hidden) take_over(times);
  const Lines& moving = holds_left ? columns : rows;
  std::uint64_t word = 0;
  for (std::size_t sample = 0; sample < (holds_left ? right_.size() : 1); ++sample)
    for (std::uint64_t first = 0; first < moving.lanes; first += most_moving) {
      const auto steps = static_cast<std::uint32_t>(std::min(most_moving, moving.lanes - first));
      stream(tile, {tile.group, moving.first + first, steps}, sample, times.stream, word);
      word += steps;
    }
}

/// PE(i,j) takes words 0, 1 ... of its column one after the other; the last one is what it will hold.
void StationaryFolds::preload(const TileTimes& times) {
  const std::uint32_t rows = used_rows();
  const auto word = [&](std::uint32_t q, std::uint32_t j) -> unsigned {
    return j < used_columns()
               ? held_operands_.bits[held_panel_.codes[(rows - 1 - q) * held_panel_.stride + j]]
               : 0;
  };
  for (std::uint32_t j = 0; j < job_.array.columns; ++j) {
    const std::uint64_t before = times.preload + j + 1;
    for (std::uint32_t i = 0; i < rows; ++i) {
      std::uint16_t& operand = chain_[std::size_t{i} * job_.array.columns + j];
      if (before + i <= job_.end) held_toggles_ += changed_bits(operand, word(0, j));
      operand = static_cast<std::uint16_t>(word(rows - 1 - i, j));
    }
    // The change from word q - 1 to word q passes rows 0 to rows - 1 - q, each an edge later.
    for (std::uint32_t q = 1; q < rows; ++q) {
      const std::uint64_t edge = before + q;
      if (edge > job_.end) break;
      held_toggles_ +=
          std::min<std::uint64_t>(rows - q, job_.end - edge + 1) * changed_bits(word(q - 1, j), word(q, j));
    }
  }
}

/// The registers beside the chain take what it has brought as the stream begins to pass.
void StationaryFolds::take_over(const TileTimes& times) {
  for (std::uint32_t i = 0; i < used_rows(); ++i)
    for (std::uint32_t j = 0; j < job_.array.columns; ++j) {
      if (times.stream + i + j + 1 > job_.end) break;
      const std::size_t pe = std::size_t{i} * job_.array.columns + j;
      held_toggles_ += changed_bits(held_[pe], chain_[pe]);
      held_[pe] = chain_[pe];
    }
}

/// Some lines of the moving operand. `first_word`: how many have passed before.
void StationaryFolds::stream(const Tile& tile, const Lines& lines, std::size_t sample, std::uint64_t cycle,
                             std::uint64_t first_word) {
  moving_panel_.load_by_line(which_ == Held::left ? right_[sample] : left_, moving_table_, lines, *tile.k);
  const std::uint64_t steps = moving_panel_.length;
  moving_codes_.stream(moving_panel_.codes.data(), moving_panel_.stride, used_rows(), steps,
                       cycle + first_word);
  words_.resize(steps * held_panel_.stride);
  if (!job_.gemm.accumulator.is_exact())
    pass_down_each(tile, first_word);
  else
    activity_.accumulator_toggles +=
        pass_down(job_.path, {moving_panel_.values.data(), moving_panel_.stride},
                  {held_panel_.values.data(), held_panel_.stride}, used_rows(), used_columns(), steps,
                  {sums_.data(), stride_}, {words_.data(), held_panel_.stride});
  activity_.macs += steps * used_rows() * used_columns();
  // Pairs meet row by row: the row's moving operands that are not zero with its held ones.
  std::uint64_t full = 0;
  for (std::uint32_t i = 0; i < used_rows(); ++i) {
    std::uint64_t moving = 0;
    for (std::uint64_t step = 0; step < steps; ++step)
      moving += (moving_panel_.codes[step * moving_panel_.stride + i] & moving_table_.zero_mask) != 0;
    full += moving * held_panel_.non_zero[i];
  }
  activity_.zero_operand_macs += steps * used_rows() * used_columns() - full;
  store(tile, first_word, steps);
}

/// Sums that depend on their order: each goes on from the one that came back, one PE after the other.
void StationaryFolds::pass_down_each(const Tile& tile, std::uint64_t first_word) {
  const SumUnit unit(job_.gemm.accumulator);
  const std::uint32_t mask = sum_mask(job_.gemm.accumulator);
  const std::size_t held = held_panel_.stride;
  for (std::uint64_t step = 0; step < moving_panel_.length; ++step)
    for (std::uint32_t j = 0; j < used_columns(); ++j) {
      std::int32_t sum = begins_sums(tile) ? 0 : job_.accumulators[element(tile, first_word + step, j)];
      for (std::uint32_t i = 0; i < used_rows(); ++i) {
        const std::int32_t term =
            moving_panel_.values[step * moving_panel_.stride + i] * held_panel_.values[i * held + j];
        sum = unit.add({sum, 0}, term, false).sum;
        std::int32_t& shown = sums_[i * stride_ + j];
        activity_.accumulator_toggles +=
            changed_bits(static_cast<unsigned>(shown) & mask, static_cast<unsigned>(sum) & mask);
        shown = sum;
      }
      words_[step * held + j] = sum;
    }
}

/// Where word `word` of column j belongs.
std::size_t StationaryFolds::element(const Tile& tile, std::uint64_t word, std::uint32_t j) const {
  const std::uint64_t m = which_ == Held::left ? j : word, n = which_ == Held::left ? word % tile.columns : j;
  return static_cast<std::size_t>(
      address_.row(static_cast<std::int64_t>(tile.first_row + m)) +
      address_.column(tile.group, static_cast<std::int64_t>(tile.first_column + n)));
}

void StationaryFolds::store(const Tile& tile, std::uint64_t first_word, std::uint64_t words) {
  for (std::uint64_t at = 0; at < words; ++at)
    for (std::uint32_t j = 0; j < used_columns(); ++j) {
      const std::int32_t word = words_[at * held_panel_.stride + j];
      std::int32_t& sum = job_.accumulators[element(tile, first_word + at, j)];
      sum = job_.gemm.accumulator.is_exact() ? sum + word : word;
    }
}

Activity StationaryFolds::activity() {
  const std::uint64_t moving = moving_codes_.toggles();
  activity_.left_toggles = which_ == Held::left ? held_toggles_ : moving;
  activity_.right_toggles = which_ == Held::left ? moving : held_toggles_;
  return activity_;
}

}  // namespace quatrain::rtl_models
