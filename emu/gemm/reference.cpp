#include "emu/gemm/reference.hpp"

#include <cmath>

namespace quatrain::emu {

void multiply_reference(const traces::Gemm& gemm, const QuantizedTensor& left,
                        std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators) {
  multiply_directly<Fault::none>(gemm, left, right, accumulators);
}

void multiply_fp32_reference(const traces::Gemm& gemm, std::span<const float> left,
                             std::span<const float> right, std::span<float> result) {
  for (float& element : result) element = 0.0F;
  DirectProduct<>(gemm).run(left, right, result,
                            [](float sum, float a, float b) { return std::fma(a, b, sum); });
}

}  // namespace quatrain::emu
