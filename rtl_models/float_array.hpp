#pragma once
/// Plays one GEMM of floating-point operands through an output-stationary array with fp32 accumulators, at
/// fidelity `tile`: one process lets a tile's cycles pass and computes it at once, on bits
/// (numerics.md section 10; hardware-model.md, "Floating-point operands").

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"
#include "traces/encoding/float_formats.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace quatrain::rtl_models {

/// Codes of a whole tensor in its natural shape; all of them numbers.
struct FloatOperand {
  traces::FloatFormat format = traces::FloatFormat::bf16;
  std::span<const std::uint16_t> codes;
};

struct FloatRun {
  std::vector<float> sums;   ///< natural shape; only the schedule's tiles are filled, the rest is 0
  std::uint64_t cycles = 0;  ///< from the first tile's first operand to the last word drained
  Activity activity;
};

class FloatArrayModel {
 public:
  virtual ~FloatArrayModel() = default;
  virtual ArrayShape shape() const = 0;
  /// Both operands have one format. Terms outside a tensor take their cycle and are not added.
  virtual FloatRun replay(const traces::Gemm& gemm, const FloatOperand& left, const FloatOperand& right,
                          const TileSchedule& schedule) = 0;
};

/// SystemC elaborates once per process: make all models before the first replay. Throws Error where the
/// library was built without SystemC.
std::unique_ptr<FloatArrayModel> make_float_array_model(ArrayShape shape, const OutputStationary& dataflow);

}  // namespace quatrain::rtl_models
