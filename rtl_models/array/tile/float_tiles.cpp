#include "rtl_models/array/tile/float_tiles.hpp"

#include "rtl_models/array/tile/drained_bits.hpp"
#include "rtl_models/pe/float_mac.hpp"
#include "rtl_models/schedule/sum_order.hpp"

#include <algorithm>
#include <bit>

namespace quatrain::rtl_models {

void FloatTiles::Side::stream(const PanelOf<WideLink>& panel, std::uint64_t cycle) {
  low_codes.resize(panel.links.size());
  high_codes.resize(panel.links.size());
  for (std::size_t at = 0; at < panel.links.size(); ++at) {
    low_codes[at] = static_cast<std::uint8_t>(panel.links[at]);
    high_codes[at] = static_cast<std::uint8_t>((panel.links[at] & operand_wire_bits) >> 8);
  }
  low.stream(low_codes.data(), panel.lanes, panel.lanes, panel.length, cycle);
  high.stream(high_codes.data(), panel.lanes, panel.lanes, panel.length, cycle);
}

FloatTiles::FloatTiles(const FloatTileJob& job)
    : job_(job),
      feeder_(job.gemm, job.left, job.right),
      result_address_(job.gemm),
      left_{{job.array.rows, job.array.columns, job.end, job.path},
            {job.array.rows, job.array.columns, job.end, job.path},
            {},
            {}},
      right_{{job.array.columns, job.array.rows, job.end, job.path},
             {job.array.columns, job.array.rows, job.end, job.path},
             {},
             {}},
      stride_(job.array.columns),
      accumulators_(std::size_t{job.array.rows} * stride_),
      shadows_(job.drain == Drain::shadow ? accumulators_.size() : 0) {}

void FloatTiles::compute(const Tile& tile, const TileTimes& times) {
  feeder_.stream(tile);
  left_.stream(feeder_.left(), times.stream);
  right_.stream(feeder_.top(), times.stream);
  with_format(job_.format, [&]<typename Format>() { sum<Format>(tile); });
  drain(tile);
}

template <typename Format>
void FloatTiles::sum(const Tile& tile) {
  const PanelOf<WideLink>&left = feeder_.left(), &right = feeder_.top();
  const std::uint64_t length = left.length;
  activity_.macs += length * tile.rows * tile.columns;
  for (std::uint32_t i = 0; i < tile.rows; ++i)
    for (std::uint32_t j = 0; j < tile.columns; ++j) {
      std::int32_t& accumulator = accumulators_[i * stride_ + j];
      auto shown = static_cast<std::uint32_t>(accumulator);
      std::uint32_t now =
          begins_sums(tile) ? 0 : std::bit_cast<std::uint32_t>(job_.sums[element(tile, i, j)]);
      for (std::uint64_t k = 0; k < length; ++k) {
        const WideLink a = left.links[k * left.lanes + i], b = right.links[k * right.lanes + j];
        now = sum_of_pair<Format>(now, a, b);
        if ((a & number_bits<Format>) == 0 || (b & number_bits<Format>) == 0) ++activity_.zero_operand_macs;
        activity_.accumulator_toggles += static_cast<std::uint64_t>(std::popcount(shown ^ now));
        shown = now;
      }
      accumulator = static_cast<std::int32_t>(now);
    }
}

std::size_t FloatTiles::element(const Tile& tile, std::uint32_t i, std::uint32_t j) const {
  return static_cast<std::size_t>(
      result_address_.row(static_cast<std::int64_t>(tile.first_row) + i) +
      result_address_.column(tile.group, static_cast<std::int64_t>(tile.first_column) + j));
}

void FloatTiles::drain(const Tile& tile) {
  activity_.accumulator_toggles += drained_bits(
      accumulators_.data(), shadows_.empty() ? nullptr : shadows_.data(), stride_, tile.rows, tile.columns);
  for (std::uint32_t i = 0; i < tile.rows; ++i)
    for (std::uint32_t j = 0; j < tile.columns; ++j)
      job_.sums[element(tile, i, j)] = std::bit_cast<float>(accumulators_[i * stride_ + j]);
  std::vector<std::int32_t>& chain = shadows_.empty() ? accumulators_ : shadows_;
  for (std::uint32_t i = tile.rows; i-- > 0;)
    std::copy_n(accumulators_.begin(), tile.columns,
                chain.begin() + static_cast<std::ptrdiff_t>(i * stride_));
}

Activity FloatTiles::activity() {
  activity_.left_toggles = left_.low.toggles() + left_.high.toggles();
  activity_.right_toggles = right_.low.toggles() + right_.high.toggles();
  return activity_;
}

}  // namespace quatrain::rtl_models
