#pragma once
/// Folds of a weight- or input-stationary array. Chain, held and sum registers are kept from one fold to the
/// next, which replaces what is in them.

#include "rtl_models/array/tile/panel.hpp"
#include "rtl_models/array/tile/passing_codes.hpp"
#include "rtl_models/array/tile/tile_values.hpp"
#include "rtl_models/feeder/lowering.hpp"

#include <vector>

namespace quatrain::rtl_models {

class StationaryFolds final : public TileValues {
 public:
  StationaryFolds(const TileJob& job, Preload preload, Held which);
  /// A tile that is a fold: it has a part of k.
  void compute(const Tile& tile, const TileTimes& times) override;
  Activity activity() override;

 private:
  void preload(const TileTimes& times);
  void take_over(const TileTimes& times);
  void stream(const Tile& tile, const Lines& lines, std::size_t sample, std::uint64_t cycle,
              std::uint64_t first_word);
  void pass_down_each(const Tile& tile, std::uint64_t first_word);
  std::size_t element(const Tile& tile, std::uint64_t word, std::uint32_t j) const;
  void store(const Tile& tile, std::uint64_t first_word, std::uint64_t words);
  std::uint32_t used_columns() const { return held_panel_.lanes; }
  std::uint32_t used_rows() const { return static_cast<std::uint32_t>(held_panel_.length); }

  TileJob job_;
  Preload preload_;
  Held which_;
  ResultAddress address_;
  OperandCodes left_;
  std::vector<OperandCodes> right_;  ///< [sample]
  CodeTable held_table_, moving_table_;
  CodePanel held_panel_, moving_panel_;
  PassingOperands moving_codes_;
  std::uint64_t held_toggles_ = 0;
  OperandTable held_operands_;
  std::vector<std::uint16_t> chain_, held_;  ///< [row][column]: operands; held_: with Preload::hidden
  std::size_t stride_;
  std::vector<std::int32_t> sums_;   ///< [row][stride]
  std::vector<std::int32_t> words_;  ///< [step][stride of the held panel]
  Activity activity_;
};

}  // namespace quatrain::rtl_models
