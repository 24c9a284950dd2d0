#pragma once
/// Prepares the operand streams of one output-stationary tile of floating-point operands after the other, in
/// the order m n k of numerics.md section 6. A term outside its tensor has code 0 and says so: it is not
/// added.

#include "rtl_models/feeder/lowering.hpp"
#include "rtl_models/feeder/panel.hpp"

#include <cstddef>
#include <span>

namespace quatrain::rtl_models {

class FloatFeeder final : public TileFeederOf<WideLink> {
 public:
  /// Codes of whole tensors in their natural shapes.
  FloatFeeder(const traces::Gemm& gemm, std::span<const std::uint16_t> left,
              std::span<const std::uint16_t> right)
      : k_(traces::gemm_size(gemm.phase, gemm.geometry).k),
        left_codes_(left),
        right_codes_(right),
        left_address_(gemm),
        right_address_(gemm) {}

  void preload(const Tile&) override {}
  void stream(const Tile& tile) override {
    const KRange k = tile.k.value_or(KRange{0, static_cast<std::uint64_t>(k_)});
    first_k_ = static_cast<std::int64_t>(k.first);
    end_k_ = static_cast<std::int64_t>(k.end);
    load_left(tile);
    load_right(tile);
  }
  const PanelOf<WideLink>& left() const override { return left_; }
  const PanelOf<WideLink>& top() const override { return right_; }

 private:
  void load_left(const Tile& tile) {
    left_.reshape(tile.rows, static_cast<std::uint64_t>(end_k_ - first_k_));
    const bool rows_are_positions = left_address_.rows_are_positions();
    for (std::uint32_t i = 0; i < tile.rows; ++i) {
      const auto row = static_cast<std::int64_t>(tile.first_row + i);
      const Link bottom = i + 1 == tile.rows ? bottom_bit : Link{0};
      for (std::int64_t k = first_k_; k < end_k_; ++k) {
        const std::int64_t element =
            left_address_.element(left_address_.position(tile.group, rows_are_positions ? row : k),
                                  left_address_.tap(rows_are_positions ? k : row));
        const Link first = k == first_k_ ? first_bit : Link{0}, last = k + 1 == end_k_ ? last_bit : Link{0};
        const WideLink control = wide(static_cast<Link>(valid_bit | bottom | first | last));
        left_.put(static_cast<std::uint64_t>(k - first_k_), i,
                  control | (element < 0 ? outside_bit : left_codes_[static_cast<std::size_t>(element)]));
      }
    }
  }

  void load_right(const Tile& tile) {
    right_.reshape(tile.columns, static_cast<std::uint64_t>(end_k_ - first_k_));
    for (std::uint32_t j = 0; j < tile.columns; ++j) {
      const std::int64_t column =
          right_address_.column(tile.group, static_cast<std::int64_t>(tile.first_column) + j);
      for (std::int64_t k = first_k_; k < end_k_; ++k)
        right_.put(
            static_cast<std::uint64_t>(k - first_k_), j,
            wide(valid_bit) | right_codes_[static_cast<std::size_t>(column + right_address_.offset(k))]);
    }
  }

  std::int64_t k_;
  std::int64_t first_k_ = 0, end_k_ = 0;  ///< of the tile
  std::span<const std::uint16_t> left_codes_, right_codes_;
  LeftAddress left_address_;
  RightAddress right_address_;
  PanelOf<WideLink> left_, right_;
};

}  // namespace quatrain::rtl_models
