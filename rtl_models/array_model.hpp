#pragma once
/// Plays one GEMM through the SystemC array, tile by tile, with the bits of a trace.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/pe/pe_model.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace quatrain::rtl_models {

/// How finely an array is modelled (docs/hardware-model.md, "Fidelities").
enum class Fidelity : std::uint8_t { pe, array, tile };

/// What one replay gave.
struct ArrayRun {
  std::vector<std::int32_t>
      accumulators;          ///< natural shape; only the schedule's tiles are filled, the rest is 0
  std::uint64_t cycles = 0;  ///< clock cycles from the first tile's first operand to the last word drained
  Activity activity;
};

/// One elaborated array. SystemC elaborates once per process: make all models before the first replay (a
/// later one throws base::Error).
class ArrayModel {
 public:
  virtual ~ArrayModel() = default;
  virtual ArrayShape shape() const = 0;
  virtual Fidelity fidelity() const = 0;
  virtual traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                                  traces::Encoding right) const = 0;
  /// right: one operand, or the samples of backward_weight, streamed one after the other without a drain
  /// between. Throws base::Error for operands that check_operands (traces/machine.hpp) does not let
  /// through.
  virtual ArrayRun replay(const traces::Gemm& gemm, const traces::Operand& left,
                          std::span<const traces::Operand> right, const TileSchedule& schedule) = 0;
};

std::unique_ptr<ArrayModel> make_array_model(ArrayShape shape, Fidelity fidelity,
                                             const Dataflow& dataflow = OutputStationary{},
                                             const PeModel& pe = dual_int4_fp4_pe());

/// Why no model can be made here ("built without SystemC"); nothing where it can.
traces::Refusal systemc_missing();
std::string systemc_version();  ///< "SystemC 2.3.4"

}  // namespace quatrain::rtl_models
