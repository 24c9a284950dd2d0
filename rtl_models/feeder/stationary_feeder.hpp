#pragma once
/// Prepares what enters a weight- or input-stationary array for one fold after the other. The left edge
/// carries the moving operand, one row of the array per k; the top carries the held one, the bottom row's
/// words first. Terms outside a tensor are code 0. Where a fold has less columns than the array, the others
/// get words without an operand, so that nothing of the fold before stays in them.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/feeder/lowering.hpp"
#include "rtl_models/feeder/panel.hpp"
#include "traces/encoding/nibbles.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quatrain::rtl_models {

class StationaryFeeder final : public TileFeeder {
 public:
  StationaryFeeder(const traces::Gemm& gemm, const traces::Operand& left,
                   std::span<const traces::Operand> right, ArrayShape array, Held held)
      : columns_(array.columns),
        held_(held),
        left_address_(gemm),
        right_address_(gemm),
        left_codes_(
            traces::unpack_nibbles(left.codes, count(traces::left_elements(gemm.phase, gemm.geometry)))) {
    const std::size_t elements = count(traces::right_elements(gemm.phase, gemm.geometry));
    for (const traces::Operand& sample : right)
      right_codes_.push_back(traces::unpack_nibbles(sample.codes, elements));
  }

  /// One word per row of the fold: k from its last to its first.
  void preload(const Tile& tile) override {
    begin(tile);
    const std::uint64_t words = tile.k->count();
    const std::uint32_t lanes = held_ == Held::left ? tile.rows : tile.columns;
    top_.reshape(columns_, words);
    for (std::uint32_t j = 0; j < columns_; ++j) {
      if (j < lanes) held_ == Held::left ? begin_left_line(tile, j) : begin_right_line(tile, j);
      for (std::uint64_t q = 0; q < words; ++q) {
        const std::uint64_t i = words - 1 - q;
        Link word = q + 1 == words ? load_bit | last_bit : load_bit;
        if (j < lanes)
          word = static_cast<Link>(word | valid_bit |
                                   (held_ == Held::left ? left_code(i) : right_code(tile.sample, i)));
        top_.put(q, j, word);
      }
    }
  }

  /// The lines of the moving operand in order; samples follow each other.
  void stream(const Tile& tile) override {
    begin(tile);
    const std::uint64_t rows = tile.k->count(), lines = held_ == Held::left ? tile.columns : tile.rows;
    const std::uint64_t samples = held_ == Held::left ? right_codes_.size() : 1;
    moving_.reshape(static_cast<std::uint32_t>(rows), samples * lines);
    for (std::uint64_t at = 0; at < moving_.length; ++at) {
      held_ == Held::left ? begin_right_line(tile, at % lines) : begin_left_line(tile, at % lines);
      for (std::uint64_t i = 0; i < rows; ++i) {
        const Link code = held_ == Held::left ? right_code(at / lines, i) : left_code(i);
        const Link first = at == 0 ? first_bit : Link{0}, bottom = i + 1 == rows ? bottom_bit : Link{0};
        moving_.put(at, static_cast<std::uint32_t>(i), static_cast<Link>(code | valid_bit | first | bottom));
      }
    }
  }

  const Panel& left() const override { return moving_; }
  const Panel& top() const override { return top_; }

 private:
  static std::size_t count(std::int64_t elements) { return static_cast<std::size_t>(elements); }

  /// Addresses of the fold's k.
  void begin(const Tile& tile) {
    taps_.clear();
    positions_.clear();
    offsets_.clear();
    for (std::uint64_t k = tile.k->first; k < tile.k->end; ++k) {
      const auto at = static_cast<std::int64_t>(k);
      if (left_address_.rows_are_positions())
        taps_.push_back(left_address_.tap(at));
      else
        positions_.push_back(left_address_.position(tile.group, at));
      offsets_.push_back(right_address_.offset(at));
    }
  }
  /// Row `line` of m, or column `line` of n, counted from the fold's first.
  void begin_left_line(const Tile& tile, std::uint64_t line) {
    const auto m = static_cast<std::int64_t>(tile.first_row + line);
    if (left_address_.rows_are_positions())
      position_ = left_address_.position(tile.group, m);
    else
      tap_ = left_address_.tap(m);
  }
  void begin_right_line(const Tile& tile, std::uint64_t line) {
    column_ = right_address_.column(tile.group, static_cast<std::int64_t>(tile.first_column + line));
  }
  /// Of the line, at the fold's k number i.
  Link left_code(std::uint64_t i) const {
    const std::int64_t element = left_address_.rows_are_positions()
                                     ? left_address_.element(*position_, taps_[i])
                                     : left_address_.element(positions_[i], *tap_);
    return element < 0 ? Link{0} : left_codes_[count(element)];
  }
  Link right_code(std::uint64_t sample, std::uint64_t i) const {
    return right_codes_[sample][count(column_ + offsets_[i])];
  }

  std::uint32_t columns_;
  Held held_;
  LeftAddress left_address_;
  RightAddress right_address_;
  std::vector<Link> left_codes_;                ///< the operand memories, one code per byte
  std::vector<std::vector<Link>> right_codes_;  ///< [sample]
  std::vector<LeftAddress::Tap> taps_;          ///< [k of the fold], where k runs over taps
  std::vector<LeftAddress::Position> positions_;
  std::vector<std::int64_t> offsets_;
  std::optional<LeftAddress::Tap> tap_;  ///< of the line
  std::optional<LeftAddress::Position> position_;
  std::int64_t column_ = 0;
  Panel moving_, top_;
};

}  // namespace quatrain::rtl_models
