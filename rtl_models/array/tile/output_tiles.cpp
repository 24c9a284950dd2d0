#include "rtl_models/array/tile/output_tiles.hpp"

#include "rtl_models/array/tile/drained_bits.hpp"
#include "rtl_models/schedule/sum_order.hpp"

#include <algorithm>
#include <bit>

namespace quatrain::rtl_models {
namespace {

/// Steps of a panel. Longer streams pass in parts.
constexpr std::uint64_t most_steps = 4096;
/// Panels of a side that stay: right ones while the tiles of a column follow each other, left ones from
/// one column to the next.
constexpr std::size_t most_panels = 8;

}  // namespace

OutputTiles::OutputTiles(const TileJob& job, Drain drain)
    : job_(job),
      drain_(drain),
      k_(static_cast<std::uint64_t>(traces::gemm_size(job.gemm.phase, job.gemm.geometry).k)),
      address_(job.gemm),
      left_(OperandCodes::left(job.gemm, job.left)),
      left_table_(code_table(job.left.encoding)),
      right_table_(code_table(job.right[0].encoding)),
      left_codes_(job.operands(job.left.encoding), job.array.rows, job.array.columns, job.end, job.path),
      right_codes_(job.operands(job.right[0].encoding), job.array.columns, job.array.rows, job.end, job.path),
      stride_((job.array.columns + sum_lanes - 1) / sum_lanes * sum_lanes),
      unit_(job.gemm.accumulator),
      accumulators_(job.array.rows * stride_),
      shadows_(drain == Drain::shadow ? accumulators_.size() : 0),
      parts_(job.gemm.accumulator.chunk != 0 ? accumulators_.size() : 0) {
  for (const traces::Operand& sample : job.right) right_.push_back(OperandCodes::right(job.gemm, sample));
  const traces::GemmSize size = traces::gemm_size(job.gemm.phase, job.gemm.geometry);
  const auto m = static_cast<std::uint64_t>(size.m), n = static_cast<std::uint64_t>(size.n);
  const std::uint64_t parts = (k_ + most_steps - 1) / most_steps, panels = right_.size() * parts,
                      left_panels =
                          n <= job.array.columns ? 1 : (m + job.array.rows - 1) / job.array.rows * parts;
  right_panels_.assign(panels <= most_panels ? panels : 1, CodePanel(job.path));
  left_panels_.assign(left_panels <= most_panels ? left_panels : 1, CodePanel(job.path));
}

CodePanel& OutputTiles::right_panel(std::size_t sample, std::uint64_t part) {
  return right_panels_.size() == 1 ? right_panels_[0] : right_panels_[part * right_.size() + sample];
}

CodePanel& OutputTiles::left_panel(std::uint64_t row, std::uint64_t part) {
  const std::uint64_t parts = (k_ + most_steps - 1) / most_steps;
  return left_panels_[(row / job_.array.rows * parts + part) % left_panels_.size()];
}

void OutputTiles::compute(const Tile& tile, const TileTimes& times) {
  const KRange k = tile.k.value_or(KRange{0, k_});
  std::uint64_t cycle = times.stream;
  place_ = 0;
  for (std::size_t sample = 0; sample < right_.size(); ++sample)
    for (std::uint64_t first = k.first; first < k.end; first += most_steps) {
      const KRange part{first, std::min(first + most_steps, k.end)};
      stream(tile, part, sample, cycle, cycle == times.stream);
      cycle += part.count();
    }
  drain(tile);
}

/// Operands of a part of k, the same in every PE at its own time.
void OutputTiles::stream(const Tile& tile, KRange k, std::size_t sample, std::uint64_t cycle, bool is_first) {
  CodePanel& left = left_panel(tile.first_row, k.first / most_steps);
  left.load_by_k(left_, left_table_, {tile.group, tile.first_row, tile.rows}, k, 1);
  CodePanel& right = right_panel(sample, k.first / most_steps);
  right.load_by_k(right_[sample], right_table_, {tile.group, tile.first_column, tile.columns}, k, sum_lanes);
  left_codes_.stream(left.codes.data(), left.stride, tile.rows, k.count(), cycle);
  right_codes_.stream(right.codes.data(), right.stride, tile.columns, k.count(), cycle);
  const std::uint64_t pairs = std::uint64_t{tile.rows} * tile.columns;
  activity_.macs += k.count() * pairs;
  for (std::uint64_t step = 0; step < k.count(); ++step)
    activity_.zero_operand_macs += pairs - std::uint64_t{left.non_zero[step]} * right.non_zero[step];
  if (!job_.gemm.accumulator.is_exact()) {
    activity_.accumulator_toggles += accumulate_each(left, right, tile, k.count(), is_first);
    return;
  }
  activity_.accumulator_toggles +=
      accumulate(job_.path, {left.values.data(), left.stride}, {right.values.data(), right.stride}, tile.rows,
                 tile.columns, k.count(), is_first, {accumulators_.data(), stride_});
}

/// Sums that depend on their order, one product after the other. Returns the bits that changed.
std::uint64_t OutputTiles::accumulate_each(const CodePanel& left, const CodePanel& right, const Tile& tile,
                                           std::uint64_t length, bool is_first) {
  const traces::Accumulator& accumulator = job_.gemm.accumulator;
  const std::uint32_t mask = sum_mask(accumulator), of_part = part_mask(accumulator);
  const std::uint64_t all = right_.size() * tile.k.value_or(KRange{0, k_}).count();
  const auto changed = [](std::int32_t before, std::int32_t after, std::uint32_t bits) {
    return static_cast<std::uint64_t>(std::popcount(static_cast<std::uint32_t>(before ^ after) & bits));
  };
  std::uint64_t toggles = 0;
  for (std::uint32_t i = 0; i < tile.rows; ++i)
    for (std::uint32_t j = 0; j < tile.columns; ++j) {
      std::int32_t& sum = row(accumulators_, i)[j];
      PeSums now{sum, parts_.empty() ? 0 : row(parts_, i)[j]};
      const PeSums begin{is_first ? returned(tile, i, j) : 0, 0};
      for (std::uint64_t step = 0; step < length; ++step) {
        const PeSums before = now;
        const std::uint64_t place = place_ + step + 1;  // terms with this one
        const bool closes = accumulator.chunk != 0 && (place % accumulator.chunk == 0 || place == all);
        now = unit_.add(is_first && step == 0 ? begin : before,
                        left.values[step * left.stride + i] * right.values[step * right.stride + j], closes);
        toggles += changed(before.sum, now.sum, mask) + changed(before.part, now.part, of_part);
      }
      sum = now.sum;
      if (!parts_.empty()) row(parts_, i)[j] = now.part;
    }
  place_ += length;
  return toggles;
}

/// What the sum goes on from.
std::int32_t OutputTiles::returned(const Tile& tile, std::uint32_t i, std::uint32_t j) const {
  if (begins_sums(tile)) return 0;
  const std::int64_t at = address_.row(static_cast<std::int64_t>(tile.first_row) + i) +
                          address_.column(tile.group, static_cast<std::int64_t>(tile.first_column) + j);
  return job_.accumulators[static_cast<std::size_t>(at)];
}

[[gnu::always_inline]] inline void OutputTiles::count_drain(const Tile& tile) {
  activity_.accumulator_toggles +=
      drained_bits(accumulators_.data(), drain_ == Drain::shadow ? shadows_.data() : nullptr, stride_,
                   tile.rows, tile.columns, sum_mask(job_.gemm.accumulator));
}

void OutputTiles::drain(const Tile& tile) {
  std::vector<std::int32_t>& chain = drain_ == Drain::shadow ? shadows_ : accumulators_;
  on_path(
      job_.path, [&]<SimdPath>() __attribute__((always_inline)) { count_drain(tile); });
  columns_.clear();
  for (std::uint32_t j = 0; j < tile.columns; ++j)
    columns_.push_back(address_.column(tile.group, static_cast<std::int64_t>(tile.first_column) + j));
  for (std::uint32_t i = 0; i < tile.rows; ++i) {
    const std::int32_t* sums = row(accumulators_, i);
    std::int32_t* at_row =
        job_.accumulators.data() + address_.row(static_cast<std::int64_t>(tile.first_row) + i);
    if (!job_.gemm.accumulator.is_exact())
      for (std::uint32_t j = 0; j < tile.columns; ++j) at_row[columns_[j]] = sums[j];
    else
      for (std::uint32_t j = 0; j < tile.columns; ++j) at_row[columns_[j]] += sums[j];
  }
  for (std::uint32_t i = tile.rows; i-- > 0;) std::copy_n(row(accumulators_, 0), tile.columns, row(chain, i));
}

Activity OutputTiles::activity() {
  activity_.left_toggles = left_codes_.toggles();
  activity_.right_toggles = right_codes_.toggles();
  return activity_;
}

}  // namespace quatrain::rtl_models
