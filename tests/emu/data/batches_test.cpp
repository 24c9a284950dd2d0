#include "emu/data/batches.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <numeric>

namespace quatrain::emu {
namespace {

using Order = std::vector<std::uint32_t>;

TEST(SampleOrder, ExamplesOfTheText) {  // docs/training-step.md section 3
  EXPECT_EQ(sample_order(1, 0, 8), (Order{2, 7, 0, 3, 6, 4, 1, 5}));
  EXPECT_EQ(sample_order(1, 1, 8), (Order{3, 7, 0, 4, 6, 1, 5, 2}));
  EXPECT_EQ(sample_order(2, 0, 8), (Order{7, 6, 5, 3, 4, 0, 1, 2}));
}

TEST(SampleOrder, HoldsEverySampleOnce) {
  for (const std::uint32_t count : {1U, 2U, 3U, 60'000U}) {
    Order order = sample_order(9, 3, count);
    EXPECT_EQ(order.size(), count);
    std::sort(order.begin(), order.end());
    Order all(count);
    std::iota(all.begin(), all.end(), 0U);
    EXPECT_EQ(order, all);
  }
}

LabelledImages two_images() {
  LabelledImages images;
  images.pixels.resize(2 * 28 * 28);
  for (std::size_t i = 0; i < images.pixels.size(); ++i)
    images.pixels[i] = static_cast<std::uint8_t>(i % 256);
  images.labels = {4, 9};
  return images;
}

TEST(BatchMaker, PixelExamplesOfTheText) {  // section 4
  const LabelledImages images = two_images();
  const BatchMaker batches(images, {.mean = 0.286, .std = 0.353});
  std::vector<float> pixels(28 * 28);
  std::vector<std::uint8_t> labels(1);
  base::ThreadPool pool(1);
  batches.make(std::vector<std::uint32_t>{0}, pixels, labels, pool);
  for (const auto& [byte, expected] : {std::pair{0U, 0xbf4f6929U},
                                       {1U, 0xbf4c911bU},
                                       {73U, 0x3a4bdaf9U},
                                       {128U, 0x3f1c9e13U},
                                       {255U, 0x4001734fU}})
    EXPECT_EQ(std::bit_cast<std::uint32_t>(pixels[byte]), expected) << "byte " << byte;
  EXPECT_EQ(labels[0], 4);
}

TEST(BatchMaker, TakesTheSamplesInTheirOrder) {
  const LabelledImages images = two_images();
  const BatchMaker batches(images, {.mean = 0, .std = 1});
  std::vector<std::uint32_t> samples;
  for (std::uint32_t i = 0; i < 40; ++i) samples.push_back(i % 3 == 0 ? 1 : 0);
  for (const unsigned threads : {1U, 2U, 7U}) {
    base::ThreadPool pool(threads);
    std::vector<float> pixels(samples.size() * 28 * 28);
    std::vector<std::uint8_t> labels(samples.size());
    batches.make(samples, pixels, labels, pool);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(labels[i], images.labels[samples[i]]);
      for (std::size_t pixel = 0; pixel < 28 * 28; ++pixel)
        ASSERT_EQ(pixels[i * 784 + pixel],
                  static_cast<float>(images.pixels[samples[i] * 784 + pixel]) / 255.0F);
    }
  }
}

}  // namespace
}  // namespace quatrain::emu
