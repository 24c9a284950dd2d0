#pragma once
/// An elaborated array with its sequencer and clock behind the ArrayModel interface; the fidelity is
/// chosen when it is built. Tests also bring an array module of their own.

#include "rtl_models/array_model.hpp"
#include "rtl_models/replay_check.hpp"
#include "rtl_models/wired_array.hpp"

#include <memory>
#include <variant>

namespace quatrain::rtl_models {

/// The modules of one array, elaborated now.
std::unique_ptr<ArrayModule> make_array_module(ArrayShape shape, Fidelity fidelity,
                                               const Dataflow& dataflow = OutputStationary{},
                                               const PeModel& pe = dual_int4_fp4_pe());

class ElaboratedArray final : public ArrayModel {
 public:
  ElaboratedArray(ArrayShape shape, Fidelity fidelity, const Dataflow& dataflow = OutputStationary{},
                  const PeModel& pe = dual_int4_fp4_pe())
      : ElaboratedArray(shape, fidelity, make_array_module(shape, fidelity, dataflow, pe), dataflow, pe) {}
  /// `array` is of that shape, fidelity, dataflow and PE.
  ElaboratedArray(ArrayShape shape, Fidelity fidelity, std::unique_ptr<ArrayModule> array,
                  const Dataflow& dataflow = OutputStationary{}, const PeModel& pe = dual_int4_fp4_pe())
      : shape_(shape),
        fidelity_(fidelity),
        dataflow_(dataflow),
        pe_(pe),
        wired_(std::make_unique<WiredArray>(std::move(array), shape, dataflow)) {}
  /// Before the first replay the kernel holds on to the processes of what was built: it keeps the array then.
  ~ElaboratedArray() override {
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) static_cast<void>(wired_.release());
  }

  ArrayShape shape() const override { return shape_; }
  Fidelity fidelity() const override { return fidelity_; }

  /// Held operands: no sum of a chunk moves down a column.
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    if (!std::holds_alternative<OutputStationary>(dataflow_) && gemm.accumulator.chunk != 0)
      if (const auto reason = traces::needs_exact_sums(gemm)) return reason;
    return mode_missing(pe_, left, right);
  }

  ArrayRun replay(const traces::Gemm& gemm, const traces::Operand& left,
                  std::span<const traces::Operand> right, const TileSchedule& schedule) override;

 private:
  ArrayShape shape_;
  Fidelity fidelity_;
  Dataflow dataflow_;
  const PeModel& pe_;
  std::unique_ptr<WiredArray> wired_;
};

}  // namespace quatrain::rtl_models
