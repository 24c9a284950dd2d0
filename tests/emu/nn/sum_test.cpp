#include "emu/nn/sum.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

namespace quatrain::emu {
namespace {

/// The text of docs/training-step.md section 5, lane by lane.
float sum_by_the_text(const std::vector<float>& x) {
  if (x.size() > 4096) {
    std::vector<float> sums;
    for (std::size_t begin = 0; begin < x.size(); begin += 4096)
      sums.push_back(
          sum_by_the_text({x.begin() + static_cast<std::ptrdiff_t>(begin),
                           x.begin() + static_cast<std::ptrdiff_t>(std::min(x.size(), begin + 4096))}));
    return sum_by_the_text(sums);
  }
  float lane[32] = {};
  for (std::size_t j = 0; j < 32; ++j)
    for (std::size_t i = j; i < x.size(); i += 32) lane[j] = lane[j] + x[i];
  for (std::size_t width : {16, 8, 4, 2, 1})
    for (std::size_t j = 0; j < width; ++j) lane[j] = lane[j] + lane[j + width];
  return lane[0];
}

std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values)
    value = std::ldexp(static_cast<float>(static_cast<std::int32_t>(random())),
                       static_cast<int>(random() % 20) - 40);
  return values;
}

std::vector<float> large_then_ones(std::size_t ones) {
  std::vector<float> values(ones + 1, 1.0F);
  values[0] = 0x1p24F;
  return values;
}

TEST(Sum, ExamplesOfTheText) {
  EXPECT_EQ(sum(large_then_ones(33)), 16777248.0F);
  EXPECT_EQ(sum(large_then_ones(4097)), 16781186.0F);
}

TEST(Sum, NothingIsPlusZero) {
  EXPECT_EQ(std::bit_cast<std::uint32_t>(sum({})), 0U);
  const std::vector<float> minus_zero = {-0.0F};
  EXPECT_EQ(std::bit_cast<std::uint32_t>(sum(minus_zero)), 0U);
}

TEST(Sum, HasTheShapeOfTheText) {
  for (const std::size_t count :
       {1U, 31U, 32U, 33U, 63U, 64U, 65U, 1000U, 4095U, 4096U, 4097U, 8192U, 100'003U})
    EXPECT_EQ(sum(random_values(count, 5)), sum_by_the_text(random_values(count, 5))) << count << " elements";
}

TEST(Sum, ChunkSumsAreThemselvesSummedInChunks) {
  const std::vector<float> values = random_values(4096 * 4096 + 5000, 6);
  EXPECT_EQ(sum(values), sum_by_the_text(values));
}

TEST(Sum, TheShapeMatters) {  // else the tests above would prove nothing
  const std::vector<float> values = random_values(1000, 7);
  float left_to_right = 0;
  for (const float value : values) left_to_right += value;
  EXPECT_NE(sum(values), left_to_right);
}

TEST(SumChannels, ExampleOfTheText) {  // section 7, bias
  Tensor gradient;
  gradient.resize(2, {2, 1, 17});
  std::fill(gradient.values().begin(), gradient.values().end(), 1.0F);
  gradient.values()[0] = 0x1p24F;
  std::vector<float> sums(2);
  base::ThreadPool pool(1);
  sum_channels(gradient, sums, pool);
  EXPECT_EQ(sums, (std::vector<float>{16777248.0F, 34.0F}));
}

TEST(SumChannels, TakesBatchThenHeightThenWidth) {
  for (const Extent& extent : {Extent{3, 7, 5}, Extent{100, 1, 1}, Extent{2, 28, 28}, Extent{1, 1, 4097}}) {
    Tensor tensor;
    tensor.resize(37, extent);
    const std::vector<float> values = random_values(tensor.size(), 8);
    std::copy(values.begin(), values.end(), tensor.values().begin());
    std::vector<float> expected;
    for (std::int64_t c = 0; c < extent.channels; ++c) {
      std::vector<float> channel;
      for (std::int64_t b = 0; b < 37; ++b)
        for (std::int64_t i = 0; i < extent.plane(); ++i)
          channel.push_back(values[static_cast<std::size_t>((b * extent.channels + c) * extent.plane() + i)]);
      expected.push_back(sum_by_the_text(channel));
    }
    for (const unsigned threads : {1U, 2U, 7U}) {
      base::ThreadPool pool(threads);
      std::vector<float> sums(expected.size());
      sum_channels(tensor, sums, pool);
      EXPECT_EQ(sums, expected) << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace quatrain::emu
