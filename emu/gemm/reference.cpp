#include "emu/gemm/reference.hpp"

#include "emu/gemm/accumulator.hpp"

namespace quatrain::emu {
namespace {

/// Integers without chunks: the accumulator is a number.
void sum_integers(const traces::Gemm& gemm, const QuantizedTensor& left,
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

}  // namespace

void multiply_reference(const traces::Gemm& gemm, const QuantizedTensor& left,
                        std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators) {
  if (!gemm.accumulator.is_float() && gemm.accumulator.chunk == 0)
    return sum_integers(gemm, left, right, accumulators);
  const auto& left_values = traces::code_values(left.encoding);
  const auto& right_values = traces::code_values(right.front().encoding);
  const DirectProduct product(gemm);
  const std::int64_t k_of_one = traces::gemm_size(gemm.phase, gemm.geometry).k;
  std::vector<SumRegister> registers(accumulators.size());
  std::int64_t before = 0;  // terms of the samples that are through
  for (const QuantizedTensor& sample : right) {
    product.in_order(std::span<const std::uint8_t>(left.codes), std::span<const std::uint8_t>(sample.codes),
                     std::span(registers),
                     [&](SumRegister& sum, std::int64_t k, std::uint8_t a, std::uint8_t b) {
                       sum.add(gemm.accumulator, before + k, left_values[a] * right_values[b]);
                     });
    before += k_of_one;
  }
  for (std::size_t i = 0; i < registers.size(); ++i) accumulators[i] = registers[i].result(gemm.accumulator);
}

}  // namespace quatrain::emu
