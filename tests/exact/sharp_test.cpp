/// Sharp tensors and GEMMs (tests/support) through every machine, and what every machine must refuse.
#include "tests/exact/machines.hpp"
#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace quatrain::tests {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using traces::Rule;

class QuantizersOn : public EveryMachine {};

TEST_P(QuantizersOn, GiveTheOraclesBits) {
  EXPECT_THAT(differences(machine(), sharp_quantizers()), IsEmpty());
}

TEST_P(QuantizersOn, GiveTheOraclesBitsOnRandomTensors) {
  EXPECT_THAT(differences(machine(), random_quantizers(1, 400)), IsEmpty());
}

TEST_P(QuantizersOn, RefuseWhatIsIllegal) {
  for (const RefusedQuantizer& refused : refused_quantizers()) {
    const std::string message = message_of([&] { machine().quantize(task_of(refused.c)); });
    for (const std::string& word : refused.named)
      EXPECT_THAT(message, HasSubstr(word)) << refused.name << ": " << message;
  }
}

/// Each alters one thing that a real slip would.
class OneUlpMoreMaximum final : public PassingOn {
  using PassingOn::PassingOn;
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    traces::QuantizerTask other = task;
    const bool gradient = task.rule == Rule::luq_fp4 || task.rule == Rule::nearest_fp4;
    if (gradient && !task.maximum && task.alpha == traces::Alpha::exact) {
      float largest = 0;
      for (const float x : task.source) largest = std::max(largest, std::abs(x));
      if (largest >= 0x1p-100F && largest < std::numeric_limits<float>::max())
        other.maximum = std::nextafter(largest, std::numeric_limits<float>::infinity());
    }
    auto result = PassingOn::quantize(other);
    if (other.maximum != task.maximum) result.max_used = result.max;  // only codes and scale tell
    return result;
  }
};

class TiesAwayFromZero final : public PassingOn {
  using PassingOn::PassingOn;
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    const bool even = task.rule == Rule::sawb_int4 || task.rule == Rule::sawb_uint4;
    auto result = PassingOn::quantize(task);
    if (!even || result.scale == 0) return result;
    const float top = task.rule == Rule::sawb_int4 ? 7 : 15;
    std::vector<std::uint8_t> codes;
    for (const float x : task.source) {
      const float code =
          std::clamp(std::round(x * (top / result.clip)), task.rule == Rule::sawb_int4 ? -top : 0, top);
      codes.push_back(static_cast<std::uint8_t>(static_cast<int>(code) & 0xF));
    }
    result.codes = traces::pack_nibbles(codes);
    return result;
  }
};

class SignOnZero final : public PassingOn {
  using PassingOn::PassingOn;
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    auto result = PassingOn::quantize(task);
    if (task.rule != Rule::luq_fp4) return result;
    auto codes = traces::unpack_nibbles(result.codes, task.source.size());
    for (std::size_t i = 0; i < codes.size(); ++i)
      if (codes[i] == 0 && std::signbit(task.source[i])) codes[i] = 8;
    result.codes = traces::pack_nibbles(codes);
    return result;
  }
};

class AlteredQuantizers : public EveryMachine {};

TEST_P(AlteredQuantizers, AreCaught) {
  const auto cases = sharp_quantizers();
  OneUlpMoreMaximum maximum(machine());
  EXPECT_THAT(differences(maximum, cases),
              testing::Contains(HasSubstr("luq: knife edge, 16 bits, M = 0.37, up first")));
  TiesAwayFromZero ties(machine());
  EXPECT_THAT(differences(ties, cases),
              testing::IsSupersetOf({HasSubstr("sawb_int4: ties: code 17 is b, expected c"),
                                     HasSubstr("sawb_uint4: ties: code")}));
  SignOnZero sign(machine());
  EXPECT_THAT(differences(sign, cases),
              testing::Contains(HasSubstr("luq: negative elements that become zero: code 1 is 8")));
}

INSTANTIATE_TEST_SUITE_P(, AlteredQuantizers, testing::Values("emu.naive"), parameter_name);
INSTANTIATE_TEST_SUITE_P(, QuantizersOn, testing::ValuesIn(quantizing_machine_names()), parameter_name);

class ProductsOn : public EveryMachine {};

TEST_P(ProductsOn, GiveTheOraclesBits) { EXPECT_THAT(differences(machine(), sharp_gemms()), IsEmpty()); }

/// Not on simulated hardware: these are millions of cycles of one PE.
class LongReductionsOn : public EveryMachine {};
TEST_P(LongReductionsOn, FillInt32) { EXPECT_THAT(differences(machine(), longest_gemms()), IsEmpty()); }
INSTANTIATE_TEST_SUITE_P(, LongReductionsOn, testing::ValuesIn(quantizing_machine_names()), parameter_name);

TEST_P(ProductsOn, RefuseWhatIsIllegal) {
  for (const RefusedGemm& refused : refused_gemms()) {
    const std::string message = message_of([&] { multiply(machine(), refused.c); });
    for (const std::string& word : refused.named)
      EXPECT_THAT(message, HasSubstr(word)) << refused.name << ": " << message;
  }
}

class OneWrongProduct final : public PassingOn {  // 7 x 7 = 50, where it is an accumulator of its own
  using PassingOn::PassingOn;
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    auto result = PassingOn::multiply(gemm, left, right);
    for (std::size_t i = 0; i < result.accumulators.size(); ++i)
      if (result.accumulators[i] == 49) result.accumulators[i] = 50;
    return result;
  }
};

class FloatAccumulators final : public PassingOn {
  using PassingOn::PassingOn;
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    auto result = PassingOn::multiply(gemm, left, right);
    for (std::int32_t& sum : result.accumulators) sum = static_cast<std::int32_t>(static_cast<float>(sum));
    return result;
  }
};

class ScaledTwice final : public PassingOn {  // (accumulator x left) x right
  using PassingOn::PassingOn;
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    auto result = PassingOn::multiply(gemm, left, right);
    for (std::size_t i = 0; i < result.output.size() && right.size() == 1; ++i)
      result.output[i] = static_cast<float>(result.accumulators[i]) * left.scale * right[0].scale;
    return result;
  }
};

class FlushedToZero final : public PassingOn {
  using PassingOn::PassingOn;
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    auto result = PassingOn::multiply(gemm, left, right);
    for (float& x : result.output)
      if (std::fpclassify(x) == FP_SUBNORMAL) x = 0;
    return result;
  }
};

class Transposed final : public PassingOn {  // square results only
  using PassingOn::PassingOn;
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    auto result = PassingOn::multiply(gemm, left, right);
    if (result.accumulators.size() != 256) return result;
    const auto straight = result;
    for (std::size_t i = 0; i < 256; ++i) {
      result.accumulators[i] = straight.accumulators[i % 16 * 16 + i / 16];
      result.output[i] = straight.output[i % 16 * 16 + i / 16];
    }
    return result;
  }
};

class AlteredProducts : public EveryMachine {};

TEST_P(AlteredProducts, AreCaught) {
  const auto cases = sharp_gemms();
  OneWrongProduct wrong(machine());
  EXPECT_THAT(differences(wrong, cases), testing::Contains(HasSubstr("all pairs: int4 x int4 at 0 of 1")));
  FloatAccumulators floats(machine());
  EXPECT_THAT(differences(floats, cases),
              testing::Contains(HasSubstr("2^24 + 1 from uint4 x fp4: accumulator 0 is 16777216")));
  ScaledTwice twice(machine());
  EXPECT_THAT(differences(twice, cases), testing::Contains(HasSubstr("scales: inexact products")));
  FlushedToZero flushed(machine());
  EXPECT_THAT(differences(flushed, cases),
              testing::Contains(HasSubstr("scales: 2^-70 x 2^-70 is subnormal")));
  Transposed transposed(machine());
  EXPECT_THAT(differences(transposed, cases),
              testing::Contains(HasSubstr("all pairs: uint4 x int4 at 0 of 1")));
}

INSTANTIATE_TEST_SUITE_P(, AlteredProducts, testing::Values("emu.naive"), parameter_name);
INSTANTIATE_TEST_SUITE_P(, ProductsOn, testing::ValuesIn(machine_names()), parameter_name);

/// Agreement proves nothing on results of zeros.
TEST(SharpGemms, ResultsAreNotAllZero) {
  for (const SharpGemm& sharp : sharp_gemms())
    EXPECT_THAT(sharp.expected.accumulators, testing::Contains(testing::Ne(0))) << sharp.name;
}

}  // namespace
}  // namespace quatrain::tests
