#pragma once
/// Equal bits, or a failure that names the field and element. Expected results come from the exact oracle,
/// the definition (direct_product) or a trace made elsewhere.

#include "tests/support/sharp_gemms.hpp"
#include "tests/support/sharp_tensors.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace quatrain::tests {

inline std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }

inline void expect_bits(const traces::QuantizerResult& found, const traces::QuantizerResult& expected) {
  EXPECT_EQ(bits_of(found.max), bits_of(expected.max));
  EXPECT_EQ(bits_of(found.max_used), bits_of(expected.max_used));
  EXPECT_EQ(found.exponent, expected.exponent);
  EXPECT_EQ(found.count, expected.count);
  EXPECT_EQ(found.sum1, expected.sum1);
  EXPECT_EQ(found.sum2, expected.sum2);
  EXPECT_EQ(bits_of(found.clip), bits_of(expected.clip));
  EXPECT_EQ(bits_of(found.scale), bits_of(expected.scale));
  ASSERT_EQ(found.codes.size(), expected.codes.size());
  for (std::size_t i = 0; i < 2 * found.codes.size(); ++i)
    ASSERT_EQ(traces::nibble_at(found.codes, i), traces::nibble_at(expected.codes, i)) << "code " << i;
}

inline void expect_outputs(const traces::GemmResult& found, const traces::GemmResult& expected) {
  ASSERT_EQ(found.output.size(), expected.output.size());
  for (std::size_t i = 0; i < found.output.size(); ++i)
    ASSERT_EQ(bits_of(found.output[i]), bits_of(expected.output[i])) << "output " << i;
}

inline void expect_bits(const traces::GemmResult& found, const traces::GemmResult& expected) {
  EXPECT_EQ(bits_of(found.scale), bits_of(expected.scale));
  ASSERT_EQ(found.accumulators.size(), expected.accumulators.size());
  for (std::size_t i = 0; i < found.accumulators.size(); ++i)
    ASSERT_EQ(found.accumulators[i], expected.accumulators[i]) << "accumulator " << i;
  expect_outputs(found, expected);
}

inline traces::GemmResult multiply(traces::Machine& machine, const GemmCase& c) {
  const auto right = right_operands(c);
  return machine.multiply(c.gemm, left_operand(c), right);
}

inline void expect_sharp_results(traces::Machine& machine, const std::vector<SharpQuantizer>& quantizers,
                                 const std::vector<SharpGemm>& gemms) {
  for (const SharpQuantizer& sharp : quantizers) {
    SCOPED_TRACE(sharp.name);
    expect_bits(machine.quantize(task_of(sharp.c)), sharp.expected);
  }
  for (const SharpGemm& sharp : gemms) {
    SCOPED_TRACE(sharp.name);
    expect_bits(multiply(machine, sharp.c), sharp.expected);
  }
}

}  // namespace quatrain::tests
