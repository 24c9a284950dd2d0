#include "emu/nn/fp32_layer.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace quatrain::emu {
namespace {

std::vector<std::uint32_t> initial_bits(std::size_t count, std::int64_t fan_in, std::uint32_t seed,
                                        std::uint32_t layer) {
  std::vector<float> weight(count);
  initialize_kaiming_uniform(weight, fan_in, seed, layer, 0);
  std::vector<std::uint32_t> bits;
  for (const float value : weight) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

TEST(KaimingUniform, ExamplesOfTheText) {  // docs/training-step.md section 2
  EXPECT_EQ(initial_bits(6, 9, 1, 0), (std::vector<std::uint32_t>{0x3e5cdadb, 0xbf07a504, 0x3f0afe91,
                                                                  0xbf4c2828, 0x3f2b5644, 0x3c967ad2}));
  EXPECT_EQ(initial_bits(2, 144, 7, 3), (std::vector<std::uint32_t>{0x3e29420d, 0xbdd27b32}));
}

TEST(KaimingUniform, StaysInsideTheBoundAndFillsIt) {
  std::vector<float> weight(10'000);
  initialize_kaiming_uniform(weight, 24, 5, 2, 0);  // bound 0.5
  double sum = 0, squares = 0;
  for (const float w : weight) {
    EXPECT_LT(std::fabs(w), 0.5F);
    sum += static_cast<double>(w);
    squares += static_cast<double>(w) * static_cast<double>(w);
  }
  EXPECT_NEAR(sum / 10'000, 0, 0.01);              // standard error 0.0029
  EXPECT_NEAR(squares / 10'000, 1.0 / 12, 0.003);  // standard error 0.0007
}

TEST(KaimingUniform, SeedLayerAndParameterDecideTheDraws) {
  std::vector<float> other(6);
  initialize_kaiming_uniform(other, 9, 1, 0, 1);
  EXPECT_NE(std::bit_cast<std::uint32_t>(other[0]), initial_bits(1, 9, 1, 0)[0]);
  EXPECT_NE(initial_bits(6, 9, 1, 1), initial_bits(6, 9, 1, 0));
  EXPECT_NE(initial_bits(6, 9, 2, 0), initial_bits(6, 9, 1, 0));
}

TEST(ParametrizedLayer, FanInCountsTheChannelsOfOneGroup) {
  LayerConfig config;
  config.kind = LayerWord::conv2d;
  config.name = "grouped";
  config.geometry = {.in_channels = 6,
                     .height = 4,
                     .width = 4,
                     .out_channels = 9,
                     .kernel_height = 5,
                     .kernel_width = 2,
                     .groups = 3};
  Fp32Layer layer(config, 4, 11, SimdPath::portable);
  const std::vector<float>& weight = layer.parameters()[0]->value;
  ASSERT_EQ(weight.size(), 180U);
  std::vector<std::uint32_t> bits;
  for (const float value : weight) bits.push_back(std::bit_cast<std::uint32_t>(value));
  EXPECT_EQ(bits, initial_bits(180, 20, 11, 4));  // 6 / 3 channels under 5 x 2 taps
}

}  // namespace
}  // namespace quatrain::emu
