#pragma once
/// Who wants to see the operands and results of a step's 4-bit products while they are at hand (the trace
/// recorder). The views are valid during the call only.

#include "emu/quant/quantizer.hpp"
#include "traces/format/record.hpp"

#include <cstdint>
#include <span>

namespace quatrain::emu {

struct QuantizerEvent {
  std::uint32_t layer = 0;
  traces::Role role = traces::Role::input;
  unsigned sample = 0;     ///< gradient only
  std::int64_t batch = 0;  ///< images of the step
  const Quantizer& quantizer;
  const QuantizedTensor& result;
  std::span<const float> source;
};

struct ProductEvent {
  std::uint32_t layer = 0;
  traces::Gemm gemm;
  unsigned samples = 1;
  float scale = 0;                             ///< the final one: / samples included
  std::span<const std::int32_t> accumulators;  ///< natural shape of the result
};

class StepObserver {
 public:
  virtual ~StepObserver() = default;
  virtual void quantized(const QuantizerEvent& event) = 0;
  virtual void multiplied(const ProductEvent& event) = 0;
};

}  // namespace quatrain::emu
