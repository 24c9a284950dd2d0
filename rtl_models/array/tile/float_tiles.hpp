#pragma once
/// Output-stationary tiles of floating-point operands (float_array.hpp): each sum one product after the
/// other, on bits.

#include "rtl_models/array/tile/passing_codes.hpp"
#include "rtl_models/array/tile/tile_values.hpp"
#include "rtl_models/feeder/float_feeder.hpp"
#include "traces/encoding/float_formats.hpp"

#include <vector>

namespace quatrain::rtl_models {

/// Spans live as long as the values.
struct FloatTileJob {
  traces::Gemm gemm;
  traces::FloatFormat format = traces::FloatFormat::bf16;
  std::span<const std::uint16_t> left, right;  ///< codes in natural shape
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
  /// Both halves of the registers of one side.
  struct Side {
    PassingCodes low, high;
    std::vector<std::uint8_t> low_codes, high_codes;  ///< [k][lanes]
    void stream(const PanelOf<WideLink>& panel, std::uint64_t cycle);
  };

  template <typename Format>
  void sum(const Tile& tile);
  void drain(const Tile& tile);
  /// Of the results, natural shape.
  std::size_t element(const Tile& tile, std::uint32_t i, std::uint32_t j) const;

  FloatTileJob job_;
  FloatFeeder feeder_;
  ResultAddress result_address_;
  Side left_, right_;
  std::size_t stride_;
  std::vector<std::int32_t> accumulators_, shadows_;  ///< [row][stride]: bits of fp32
  Activity activity_;
};

}  // namespace quatrain::rtl_models
