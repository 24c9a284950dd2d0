#pragma once
/// Output-stationary tiles of floating-point operands (float_array.hpp): each sum one product after the
/// other, on bits.

#include "rtl_models/array/tile/passing_codes.hpp"
#include "rtl_models/array/tile/tile_values.hpp"
#include "rtl_models/feeder/lowering.hpp"
#include "rtl_models/float_array.hpp"

#include <vector>

namespace quatrain::rtl_models {

/// Spans live as long as the values.
struct FloatTileJob {
  traces::Gemm gemm;
  FloatOperand left, right;
  ArrayShape array;
  std::uint64_t end = 0;  ///< the last edge that counts (Timeline)
  std::span<float> sums;  ///< results in natural shape
  Drain drain = Drain::serial;
  SimdPath path = SimdPath::portable;
};

class FloatTiles final : public TileValues {
 public:
  explicit FloatTiles(const FloatTileJob& job);
  void compute(const Tile& tile, const TileTimes& times) override;
  Activity activity() override;

 private:
  /// [k][lanes]. `is_inside`: the term stands in its tensor.
  struct Panel {
    std::uint32_t lanes = 0;
    std::vector<std::uint16_t> codes;
    std::vector<std::uint8_t> low, high, is_inside;  ///< halves of the codes
    void reshape(std::uint32_t lane_count, std::uint64_t length);
    void put(std::uint64_t k, std::uint32_t lane, std::uint16_t code);
  };
  /// Both halves of the registers of one side.
  struct Side {
    PassingCodes low, high;
    void stream(const Panel& panel, std::uint64_t length, std::uint64_t cycle);
  };

  void load_left(const Tile& tile);
  void load_right(const Tile& tile);
  template <typename Format>
  void sum(const Tile& tile);
  void drain(const Tile& tile);

  FloatTileJob job_;
  std::uint64_t k_;
  LeftAddress left_address_;
  RightAddress right_address_;
  ResultAddress result_address_;
  Panel left_, right_;
  Side left_side_, right_side_;
  std::size_t stride_;
  std::vector<std::int32_t> accumulators_, shadows_;  ///< [row][stride]: bits of fp32
  Activity activity_;
};

}  // namespace quatrain::rtl_models
