#include "rtl_models/array/tile/float_tiles.hpp"

#include "rtl_models/array/tile/drained_bits.hpp"
#include "rtl_models/pe/float_mac.hpp"

#include <algorithm>
#include <bit>

namespace quatrain::rtl_models {

void FloatTiles::Panel::reshape(std::uint32_t lane_count, std::uint64_t length) {
  lanes = lane_count;
  codes.assign(length * lanes, 0);
  low.assign(codes.size(), 0);
  high.assign(codes.size(), 0);
  is_inside.assign(codes.size(), 0);
}

void FloatTiles::Panel::put(std::uint64_t k, std::uint32_t lane, std::uint16_t code) {
  const std::size_t at = k * lanes + lane;
  codes[at] = code;
  low[at] = static_cast<std::uint8_t>(code);
  high[at] = static_cast<std::uint8_t>(code >> 8);
  is_inside[at] = 1;
}

void FloatTiles::Side::stream(const Panel& panel, std::uint64_t length, std::uint64_t cycle) {
  low.stream(panel.low.data(), panel.lanes, panel.lanes, length, cycle);
  high.stream(panel.high.data(), panel.lanes, panel.lanes, length, cycle);
}

FloatTiles::FloatTiles(const FloatTileJob& job)
    : job_(job),
      k_(static_cast<std::uint64_t>(traces::gemm_size(job.gemm.phase, job.gemm.geometry).k)),
      left_address_(job.gemm),
      right_address_(job.gemm),
      result_address_(job.gemm),
      left_side_{{job.array.rows, job.array.columns, job.end, job.path},
                 {job.array.rows, job.array.columns, job.end, job.path}},
      right_side_{{job.array.columns, job.array.rows, job.end, job.path},
                  {job.array.columns, job.array.rows, job.end, job.path}},
      stride_(job.array.columns),
      accumulators_(std::size_t{job.array.rows} * stride_),
      shadows_(job.drain == Drain::shadow ? accumulators_.size() : 0) {}

void FloatTiles::compute(const Tile& tile, const TileTimes& times) {
  load_left(tile);
  load_right(tile);
  left_side_.stream(left_, k_, times.stream);
  right_side_.stream(right_, k_, times.stream);
  with_format(job_.left.format, [&]<typename Format>() { sum<Format>(tile); });
  drain(tile);
}

void FloatTiles::load_left(const Tile& tile) {
  left_.reshape(tile.rows, k_);
  for (std::uint32_t i = 0; i < tile.rows; ++i)
    for (std::uint64_t k = 0; k < k_; ++k) {
      const auto row = static_cast<std::int64_t>(tile.first_row + i), at = static_cast<std::int64_t>(k);
      const bool is_position = left_address_.rows_are_positions();
      const std::int64_t element =
          left_address_.element(left_address_.position(tile.group, is_position ? row : at),
                                left_address_.tap(is_position ? at : row));
      if (element >= 0) left_.put(k, i, job_.left.codes[static_cast<std::size_t>(element)]);
    }
}

void FloatTiles::load_right(const Tile& tile) {
  right_.reshape(tile.columns, k_);
  for (std::uint32_t j = 0; j < tile.columns; ++j) {
    const std::int64_t line =
        right_address_.column(tile.group, static_cast<std::int64_t>(tile.first_column) + j);
    for (std::uint64_t k = 0; k < k_; ++k)
      right_.put(
          k, j,
          job_.right
              .codes[static_cast<std::size_t>(line + right_address_.offset(static_cast<std::int64_t>(k)))]);
  }
}

template <typename Format>
void FloatTiles::sum(const Tile& tile) {
  const auto is_zero = [](std::uint16_t code) {
    return (code & ((1U << (Format::exponent_bits + Format::fraction_bits)) - 1)) == 0;
  };
  activity_.macs += k_ * tile.rows * tile.columns;
  for (std::uint32_t i = 0; i < tile.rows; ++i)
    for (std::uint32_t j = 0; j < tile.columns; ++j) {
      std::int32_t& accumulator = accumulators_[i * stride_ + j];
      std::uint32_t shown = static_cast<std::uint32_t>(accumulator), now = 0;  // restarts from +0
      for (std::uint64_t k = 0; k < k_; ++k) {
        const std::size_t left = k * left_.lanes + i, right = k * right_.lanes + j;
        const std::uint16_t a = left_.codes[left], b = right_.codes[right];
        if (left_.is_inside[left] != 0)
          now = multiply_add<Format>(now, static_cast<typename Format::Bits>(a),
                                     static_cast<typename Format::Bits>(b));
        activity_.zero_operand_macs += is_zero(a) || is_zero(b) ? 1U : 0U;
        activity_.accumulator_toggles += static_cast<std::uint64_t>(std::popcount(shown ^ now));
        shown = now;
      }
      accumulator = static_cast<std::int32_t>(now);
    }
}

void FloatTiles::drain(const Tile& tile) {
  activity_.accumulator_toggles += drained_bits(
      accumulators_.data(), shadows_.empty() ? nullptr : shadows_.data(), stride_, tile.rows, tile.columns);
  for (std::uint32_t i = 0; i < tile.rows; ++i) {
    const std::int64_t row = result_address_.row(static_cast<std::int64_t>(tile.first_row) + i);
    for (std::uint32_t j = 0; j < tile.columns; ++j) {
      const std::int64_t column =
          result_address_.column(tile.group, static_cast<std::int64_t>(tile.first_column) + j);
      job_.sums[static_cast<std::size_t>(row + column)] =
          std::bit_cast<float>(accumulators_[i * stride_ + j]);
    }
  }
  std::vector<std::int32_t>& chain = shadows_.empty() ? accumulators_ : shadows_;
  for (std::uint32_t i = tile.rows; i-- > 0;)
    std::copy_n(accumulators_.begin(), tile.columns,
                chain.begin() + static_cast<std::ptrdiff_t>(i * stride_));
}

Activity FloatTiles::activity() {
  activity_.left_toggles = left_side_.low.toggles() + left_side_.high.toggles();
  activity_.right_toggles = right_side_.low.toggles() + right_side_.high.toggles();
  return activity_;
}

}  // namespace quatrain::rtl_models
