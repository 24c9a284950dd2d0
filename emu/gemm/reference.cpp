#include "emu/gemm/reference.hpp"

#include "emu/gemm/accumulator.hpp"

namespace quatrain::emu {

void multiply_reference(const traces::Gemm& gemm, const QuantizedTensor& left,
                        std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators) {
  const auto& left_values = traces::code_values(left.encoding);
  const auto& right_values = traces::code_values(right.front().encoding);
  const DirectProduct product(gemm);
  for (std::int32_t& accumulator : accumulators) accumulator = 0;
  for (const QuantizedTensor& sample : right)
    product.run(std::span<const std::uint8_t>(left.codes), std::span<const std::uint8_t>(sample.codes),
                accumulators, [&](std::int32_t sum, std::uint8_t a, std::uint8_t b) {
                  return kept_sum(gemm.accumulator, sum + left_values[a] * right_values[b]);
                });
}

}  // namespace quatrain::emu
