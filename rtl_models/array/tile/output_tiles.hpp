#pragma once
/// Tiles of an output-stationary array. What is in the accumulators and shadow registers between two tiles is
/// kept: the next tile's first products and sums replace it.

#include "rtl_models/array/tile/panel.hpp"
#include "rtl_models/array/tile/passing_codes.hpp"
#include "rtl_models/array/tile/tile_values.hpp"
#include "rtl_models/feeder/lowering.hpp"
#include "rtl_models/pe/sum_unit.hpp"

#include <vector>

namespace quatrain::rtl_models {

class OutputTiles final : public TileValues {
 public:
  OutputTiles(const TileJob& job, Drain drain);
  void compute(const Tile& tile, const TileTimes& times) override;
  Activity activity() override;

 private:
  void stream(const Tile& tile, KRange k, std::size_t sample, std::uint64_t cycle, bool is_first);
  std::uint64_t accumulate_each(const CodePanel& left, const CodePanel& right, const Tile& tile,
                                std::uint64_t length, bool is_first);
  std::int32_t returned(const Tile& tile, std::uint32_t i, std::uint32_t j) const;
  void drain(const Tile& tile);
  void count_drain(const Tile& tile);
  CodePanel& left_panel(std::uint64_t row, std::uint64_t part);
  CodePanel& right_panel(std::size_t sample, std::uint64_t part);
  std::int32_t* row(std::vector<std::int32_t>& registers, std::uint32_t i) const {
    return registers.data() + i * stride_;
  }

  TileJob job_;
  Drain drain_;
  std::uint64_t k_;
  ResultAddress address_;
  OperandCodes left_;
  std::vector<OperandCodes> right_;  ///< [sample]
  CodeTable left_table_, right_table_;
  std::vector<CodePanel> left_panels_, right_panels_;
  PassingOperands left_codes_, right_codes_;
  std::size_t stride_;
  SumUnit unit_;
  std::vector<std::int64_t> columns_;                         ///< of results, of a tile
  std::uint64_t place_ = 0;                                   ///< in a tile's stream, of the next operand
  std::vector<std::int32_t> accumulators_, shadows_, parts_;  ///< [row][stride]; parts_: of chunks
  Activity activity_;
};

}  // namespace quatrain::rtl_models
