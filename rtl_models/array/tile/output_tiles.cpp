#include "rtl_models/array/tile/output_tiles.hpp"

#include <algorithm>
#include <bit>

namespace quatrain::rtl_models {
namespace {

/// Steps of a panel. Longer streams pass in parts.
constexpr std::uint64_t most_steps = 16384;
/// Right panels that stay while the tiles of a column follow each other.
constexpr std::size_t most_panels = 8;

std::uint64_t changed_bits(std::int32_t before, std::int32_t after) {
  return static_cast<std::uint64_t>(std::popcount(static_cast<std::uint32_t>(before ^ after)));
}

}  // namespace

OutputTiles::OutputTiles(const TileJob& job, Drain drain)
    : job_(job),
      drain_(drain),
      k_(static_cast<std::uint64_t>(traces::gemm_size(job.gemm.phase, job.gemm.geometry).k)),
      address_(job.gemm),
      left_(OperandCodes::left(job.gemm, job.left)),
      left_table_(code_table(job.left.encoding)),
      right_table_(code_table(job.right[0].encoding)),
      left_panel_(job.path),
      left_codes_(job.array.rows, job.array.columns, job.end, job.path),
      right_codes_(job.array.columns, job.array.rows, job.end, job.path),
      stride_((job.array.columns + sum_lanes - 1) / sum_lanes * sum_lanes),
      accumulators_(job.array.rows * stride_),
      shadows_(drain == Drain::shadow ? accumulators_.size() : 0) {
  for (const traces::Operand& sample : job.right) right_.push_back(OperandCodes::right(job.gemm, sample));
  const std::uint64_t panels = right_.size() * ((k_ + most_steps - 1) / most_steps);
  right_panels_.assign(panels <= most_panels ? panels : 1, CodePanel(job.path));
}

CodePanel& OutputTiles::right_panel(std::size_t sample, std::uint64_t part) {
  return right_panels_.size() == 1 ? right_panels_[0] : right_panels_[part * right_.size() + sample];
}

void OutputTiles::compute(const Tile& tile, const TileTimes& times) {
  const KRange k = tile.k.value_or(KRange{0, k_});
  std::uint64_t cycle = times.stream;
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
  left_panel_.load_by_k(left_, left_table_, {tile.group, tile.first_row, tile.rows}, k, 1);
  CodePanel& right = right_panel(sample, k.first / most_steps);
  right.load_by_k(right_[sample], right_table_, {tile.group, tile.first_column, tile.columns}, k, sum_lanes);
  left_codes_.stream(left_panel_.codes.data(), left_panel_.stride, tile.rows, k.count(), cycle);
  right_codes_.stream(right.codes.data(), right.stride, tile.columns, k.count(), cycle);
  const std::uint64_t pairs = std::uint64_t{tile.rows} * tile.columns;
  activity_.macs += k.count() * pairs;
  for (std::uint64_t step = 0; step < k.count(); ++step)
    activity_.zero_operand_macs += pairs - std::uint64_t{left_panel_.non_zero[step]} * right.non_zero[step];
  activity_.accumulator_toggles += accumulate(job_.path, {left_panel_.values.data(), left_panel_.stride},
                                              {right.values.data(), right.stride}, tile.rows, tile.columns,
                                              k.count(), is_first, {accumulators_.data(), stride_});
}

/// Word by word through the chain: PE(i,j) shows the sums of rows i, i-1 ... 0 one after the other, so the
/// change from row i to row i-1 passes all rows from i down. In the end all of them hold that of row 0.
[[gnu::always_inline]] inline void OutputTiles::count_drain(const Tile& tile) {
  for (std::uint32_t i = 0; i < tile.rows; ++i) {
    const std::int32_t *sums = row(accumulators_, i), *above = row(accumulators_, i > 0 ? i - 1 : 0);
    std::uint64_t bits = 0, shadow_bits = 0;
    for (std::uint32_t j = 0; j < tile.columns; ++j) bits += changed_bits(sums[j], above[j]);
    if (drain_ == Drain::shadow)
      for (std::uint32_t j = 0; j < tile.columns; ++j)
        shadow_bits += changed_bits(row(shadows_, i)[j], sums[j]);
    activity_.accumulator_toggles += (tile.rows - i) * bits + shadow_bits;
  }
}

void OutputTiles::drain(const Tile& tile) {
  std::vector<std::int32_t>& chain = drain_ == Drain::shadow ? shadows_ : accumulators_;
  on_path(
      job_.path, [&]<SimdPath>() __attribute__((always_inline)) { count_drain(tile); });
  for (std::uint32_t i = 0; i < tile.rows; ++i) {
    const std::int32_t* sums = row(accumulators_, i);
    const std::int64_t at_row = address_.row(static_cast<std::int64_t>(tile.first_row) + i);
    for (std::uint32_t j = 0; j < tile.columns; ++j) {
      const std::int64_t n = static_cast<std::int64_t>(tile.first_column) + j;
      job_.accumulators[static_cast<std::size_t>(at_row + address_.column(tile.group, n))] += sums[j];
    }
  }
  for (std::uint32_t i = tile.rows; i-- > 0;) std::copy_n(row(accumulators_, 0), tile.columns, row(chain, i));
}

Activity OutputTiles::activity() {
  activity_.left_toggles = left_codes_.toggles();
  activity_.right_toggles = right_codes_.toggles();
  return activity_;
}

}  // namespace quatrain::rtl_models
