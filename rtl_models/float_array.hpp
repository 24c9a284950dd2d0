#pragma once
/// Plays one GEMM of floating-point operands through an output-stationary array with fp32 accumulators, on
/// bits (numerics.md section 10; hardware-model.md, "Floating-point operands").

#include "rtl_models/array_model.hpp"
#include "traces/encoding/float_formats.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace quatrain::rtl_models {

struct FloatRun {
  std::vector<float> sums;   ///< natural shape; only the schedule's tiles are filled, the rest is 0
  std::uint64_t cycles = 0;  ///< from the first tile's first operand to the last word drained
  Activity activity;
};

class FloatArrayModel {
 public:
  virtual ~FloatArrayModel() = default;
  virtual ArrayShape shape() const = 0;
  virtual Fidelity fidelity() const = 0;
  /// Codes of whole tensors in their natural shapes; all of them numbers of the model's format. Terms outside
  /// a tensor take their cycle and are not added.
  virtual FloatRun replay(const traces::Gemm& gemm, std::span<const std::uint16_t> left,
                          std::span<const std::uint16_t> right, const TileSchedule& schedule) = 0;
};

/// SystemC elaborates once per process: make all models before the first replay. Throws Error where the
/// library was built without SystemC.
std::unique_ptr<FloatArrayModel> make_float_array_model(ArrayShape shape, traces::FloatFormat format,
                                                        Fidelity fidelity, const OutputStationary& dataflow);

}  // namespace quatrain::rtl_models
