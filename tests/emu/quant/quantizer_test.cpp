#include "emu/quant/quantizer.hpp"

#include "tests/emu/quant/quantize.hpp"
#include "tests/support/sharp_tensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace quatrain::tests {
namespace {

using emu::QuantizedTensor;
using emu::QuantizerConfig;
using emu::SimdPath;
using traces::Alpha;
using traces::Rule;

std::vector<QuantizerConfig> every_config() {
  std::vector<QuantizerConfig> all = {{.rule = Rule::sawb_int4}, {.rule = Rule::sawb_uint4}};
  for (const Alpha alpha : {Alpha::exact, Alpha::pow2}) {
    all.push_back({Rule::nearest_fp4, 0, alpha});
    for (const unsigned bits : {4U, 8U, 16U}) all.push_back({Rule::luq_fp4, bits, alpha});
  }
  return all;
}

/// Magnitudes over many powers of two; not negative for sawb_uint4, and a third of them zero, as after ReLU.
std::vector<float> random_tensor(std::size_t elements, Rule rule, unsigned seed) {
  std::mt19937 random(seed);
  std::lognormal_distribution<float> magnitude(0, 3);
  std::vector<float> x(elements);
  for (float& element : x) {
    element = magnitude(random) * (random() % 2 == 0 ? 1.0F : -1.0F);
    if (rule == Rule::sawb_uint4) element = random() % 3 == 0 ? 0.0F : std::fabs(element);
  }
  return x;
}

class EveryQuantizer : public testing::TestWithParam<std::tuple<SimdPath, unsigned>> {
 protected:
  SimdPath path_ = std::get<0>(GetParam());
  unsigned threads_ = std::get<1>(GetParam());
};

TEST_P(EveryQuantizer, EqualsTheReference) {
  // On and beside the sizes of vectors, blocks of 1024 and pieces of 16384.
  for (const QuantizerConfig& config : every_config()) {
    const auto fast = emu::make_quantizer(config, path_);
    EXPECT_EQ(fast->path(), path_);
    const emu::ReferenceQuantizer reference(config);
    for (const std::size_t elements : {1U, 2U, 31U, 33U, 1023U, 1024U, 1025U, 16383U, 16385U, 40000U}) {
      SCOPED_TRACE(testing::Message() << "rule " << int(config.rule) << " bits " << config.random_bits
                                      << " alpha " << int(config.alpha) << " elements " << elements);
      const auto x = random_tensor(elements, config.rule, static_cast<unsigned>(elements));
      const traces::DrawKey key{7, 3, 2, 1};
      const QuantizedTensor expected = quantized(reference, x, key);
      if (elements > 30) {
        ASSERT_THAT(expected.codes, testing::Contains(testing::Ne(0)));
      }
      expect_same(quantized(*fast, x, key, {}, threads_), expected);
      if (expected.encoding != traces::Encoding::fp4_e3m0) continue;
      const float given = expected.max / 3;
      expect_same(quantized(*fast, x, key, given, threads_), quantized(reference, x, key, given));
    }
  }
}

TEST(Quantizer, EveryLengthAtEveryAddressEqualsTheReference) {
  // Two vectors of 32 and what is left, from each of the eight places that a vector's first element can have.
  constexpr std::size_t longest = 70, addresses = 8;
  for (const QuantizerConfig& config : every_config()) {
    const emu::ReferenceQuantizer reference(config);
    auto all = random_tensor(longest + addresses, config.rule, 5);
    for (std::size_t i = 0; i < all.size(); i += 5) all[i] = std::ldexp(all[i], -150);  // denormal, or zero
    for (const SimdPath path : emu::supported_paths()) {
      const auto fast = emu::make_quantizer(config, path);
      for (std::size_t elements = 1; elements <= longest; ++elements) {
        SCOPED_TRACE(testing::Message() << emu::name_of(path) << " rule " << int(config.rule) << " bits "
                                        << config.random_bits << " elements " << elements);
        const auto x = std::span(all).subspan(elements % addresses, elements);
        const traces::DrawKey key{7, 3, 2, static_cast<std::uint32_t>(elements)};
        expect_same(quantized(*fast, x, key), quantized(reference, x, key));
      }
    }
  }
}

TEST(Quantizer, GivenMaximumFarBelowTheElementsGivesTheLargestLevel) {
  // y up to infinity; the vectors' other elements stay what they are.
  for (const SimdPath path : emu::supported_paths())
    for (const Rule rule : {Rule::luq_fp4, Rule::nearest_fp4}) {
      const auto fast = emu::make_quantizer({rule, rule == Rule::luq_fp4 ? 16U : 0U, Alpha::exact}, path);
      std::vector<float> x(33, 0.0F);
      for (std::size_t i = 0; i < x.size(); i += 2) x[i] = i % 4 == 0 ? 0x1p127F : -0x1p90F;
      const auto codes = quantized(*fast, x, {}, 0x1p-99F).codes;
      for (std::size_t i = 0; i < x.size(); ++i)
        EXPECT_EQ(codes[i], i % 2 != 0 ? 0x0 : i % 4 == 0 ? 0x7 : 0xF) << emu::name_of(path) << " " << i;
    }
}

TEST_P(EveryQuantizer, EqualsTheExactOracleOnSharpTensors) {
  std::size_t tensors = 0;
  for (const SharpQuantizer& sharp : sharp_quantizers()) {
    SCOPED_TRACE(sharp.name);
    const traces::QuantizerTask task = task_of(sharp.c);
    const auto fast = emu::make_quantizer({task.rule, task.random_bits, task.alpha}, path_);
    const auto got = quantized(*fast, task.source, task.draws, task.maximum, threads_);
    EXPECT_EQ(traces::pack_nibbles(got.codes), sharp.expected.codes);
    EXPECT_EQ(got.max, sharp.expected.max);
    EXPECT_EQ(got.facts, sharp.expected.facts);
    EXPECT_EQ(got.scale, sharp.expected.scale);
    ++tensors;
  }
  EXPECT_GT(tensors, 50U);
}

INSTANTIATE_TEST_SUITE_P(Quantizer, EveryQuantizer,
                         testing::Combine(testing::ValuesIn(emu::supported_paths()),
                                          testing::Values(1U, 2U, 7U)),
                         [](const auto& which) {
                           return std::string(emu::name_of(std::get<0>(which.param))) + "_" +
                                  std::to_string(std::get<1>(which.param)) + "_threads";
                         });

}  // namespace
}  // namespace quatrain::tests
