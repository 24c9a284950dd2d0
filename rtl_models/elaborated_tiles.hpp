#pragma once
/// Fidelity `tile` behind the ArrayModel interface.

#include "rtl_models/array/tile/tile_array.hpp"
#include "rtl_models/array_model.hpp"

#include <memory>

namespace quatrain::rtl_models {

class ElaboratedTiles final : public ArrayModel {
 public:
  ElaboratedTiles(ArrayShape shape, const Dataflow& dataflow, const PeModel& pe);
  /// Before the first replay the kernel holds on to the process of the array: it keeps it then.
  ~ElaboratedTiles() override;

  ArrayShape shape() const override { return shape_; }
  Fidelity fidelity() const override { return Fidelity::tile; }
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override;
  ArrayRun replay(const traces::Gemm& gemm, const traces::Operand& left,
                  std::span<const traces::Operand> right, const TileSchedule& schedule) override;

 private:
  ArrayShape shape_;
  Dataflow dataflow_;
  const PeModel& pe_;
  SimdPath path_;
  std::unique_ptr<TileArray> array_;
};

}  // namespace quatrain::rtl_models
