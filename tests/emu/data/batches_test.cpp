#include "emu/data/batches.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
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

constexpr std::size_t pixels_of_two = 2 * 28 * 28;

ImagesInMemory two_images() {
  std::vector<std::uint8_t> pixels(pixels_of_two);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i % 256);
  return {{1, 28, 28}, std::move(pixels), {4, 9}};
}

TEST(BatchMaker, PixelExamplesOfTheText) {  // section 4
  const ImagesInMemory images = two_images();
  const BatchMaker batches(images, {.mean = {0.286}, .std = {0.353}});
  std::vector<float> pixels(28 * 28);
  std::vector<std::uint32_t> labels(1);
  base::ThreadPool pool(1);
  batches.make(std::vector<std::uint32_t>{0}, std::nullopt, pixels, labels, pool);
  for (const auto& [byte, expected] : {std::pair{0U, 0xbf4f6929U},
                                       {1U, 0xbf4c911bU},
                                       {73U, 0x3a4bdaf9U},
                                       {128U, 0x3f1c9e13U},
                                       {255U, 0x4001734fU}})
    EXPECT_EQ(std::bit_cast<std::uint32_t>(pixels[byte]), expected) << "byte " << byte;
  EXPECT_EQ(labels[0], 4U);
}

TEST(BatchMaker, TakesTheSamplesInTheirOrder) {
  const ImagesInMemory images = two_images();
  const BatchMaker batches(images, {});
  std::vector<std::uint32_t> samples;
  for (std::uint32_t i = 0; i < 40; ++i) samples.push_back(i % 3 == 0 ? 1 : 0);
  for (const unsigned threads : {1U, 2U, 7U}) {
    base::ThreadPool pool(threads);
    std::vector<float> pixels(samples.size() * 28 * 28);
    std::vector<std::uint32_t> labels(samples.size());
    batches.make(samples, TrainingPass{}, pixels, labels, pool);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(labels[i], images.label(samples[i]));
      for (std::size_t pixel = 0; pixel < 28 * 28; ++pixel)
        ASSERT_EQ(pixels[i * 784 + pixel], static_cast<float>((samples[i] * 784 + pixel) % 256) / 255.0F);
    }
  }
}

TEST(BatchMaker, EachChannelHasItsOwnMeanAndDeviation) {
  const ImagesInMemory images({2, 1, 1}, {255, 255}, {0});
  const BatchMaker batches(images, {.size = {2, 1, 1}, .mean = {0.5, 0.25}, .std = {0.5, 0.25}});
  std::vector<float> pixels(2);
  std::vector<std::uint32_t> labels(1);
  base::ThreadPool pool(1);
  batches.make(std::vector<std::uint32_t>{0}, std::nullopt, pixels, labels, pool);
  EXPECT_EQ(pixels, (std::vector<float>{1, 3}));
}

// ---- augmentation

TEST(Augmented, ExamplesOfTheText) {  // docs/training-step.md section 4
  const Augmentation all{.shift = 2, .flip = true, .crop = true};
  const auto placement = [&](std::uint32_t epoch, std::uint32_t sample) {
    return augmented({1, 32, 36}, {1, 28, 28}, all, 1, epoch, sample);
  };
  EXPECT_EQ(placement(0, 3), (Placement{.top = 3, .left = 5, .is_flipped = true, .down = 0, .right = -1}));
  EXPECT_EQ(placement(0, 1), (Placement{.top = 4, .left = 2, .is_flipped = false, .down = 1, .right = 2}));
  EXPECT_EQ(placement(1, 1), (Placement{.top = 1, .left = 4, .is_flipped = true, .down = -1, .right = 0}));
}

TEST(Augmented, WithoutKeysItIsTheMiddle) {
  EXPECT_EQ(augmented({3, 9, 12}, {3, 4, 4}, {}, 1, 0, 7), (Placement{.top = 2, .left = 4}));
  EXPECT_EQ(central({3, 9, 12}, {3, 4, 4}), (Placement{.top = 2, .left = 4}));
}

TEST(Augmented, EveryPlaceIsDrawnAboutEquallyOften) {
  std::array<int, 5> down{}, right{};
  std::array<int, 2> flips{};
  for (std::uint32_t sample = 0; sample < 10'000; ++sample) {
    const Placement drawn = augmented({1, 28, 28}, {1, 28, 28}, {.shift = 2, .flip = true}, 3, 2, sample);
    ++down.at(static_cast<std::size_t>(drawn.down + 2));
    ++right.at(static_cast<std::size_t>(drawn.right + 2));
    ++flips.at(drawn.is_flipped ? 1 : 0);
  }
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(down[i], 2000, 240);  // six deviations
    EXPECT_NEAR(right[i], 2000, 240);
  }
  EXPECT_NEAR(flips[0], 5000, 300);
}

/// The image of the text, 3 rows of 4, as byte values.
std::vector<float> placed(const Augmentation& augmentation, std::uint32_t sample, unsigned threads,
                          const std::optional<TrainingPass>& pass) {
  std::vector<std::uint8_t> pixels, labels;
  for (std::uint32_t i = 0; i <= sample; ++i) {
    for (const int byte : {11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34})
      pixels.push_back(static_cast<std::uint8_t>(byte));
    labels.push_back(0);
  }
  const ImagesInMemory images({1, 3, 4}, std::move(pixels), std::move(labels));
  const BatchMaker batches(images, {.size = {1, 3, 3}, .augmentation = augmentation});
  std::vector<float> result(9);
  std::vector<std::uint32_t> label(1);
  base::ThreadPool pool(threads);
  batches.make(std::vector<std::uint32_t>{sample}, pass, result, label, pool);
  for (float& value : result) value = std::round(value * 255);
  return result;
}

/// The formula of the text, pixel by pixel.
std::vector<float> by_the_text(const Placement& p) {
  std::vector<float> result;
  for (std::int64_t y = 0; y < 3; ++y)
    for (std::int64_t x = 0; x < 3; ++x) {
      const std::int64_t row = y - p.down, column = x - p.right;
      const bool is_outside = row < 0 || row > 2 || column < 0 || column > 2;
      const std::int64_t from = p.left + (p.is_flipped ? 2 - column : column);
      result.push_back(is_outside ? 0.0F : static_cast<float>(10 * (p.top + row + 1) + from + 1));
    }
  return result;
}

TEST(Augmented, PixelsAreWhereTheTextPutsThem) {
  EXPECT_EQ(by_the_text({.top = 0, .left = 1, .is_flipped = true, .down = 1, .right = -1}),
            (std::vector<float>{0, 0, 0, 13, 12, 0, 23, 22, 0}));
  const Augmentation augmentation{.shift = 2, .flip = true, .crop = true};
  for (const std::uint32_t epoch : {0U, 1U, 2U})
    for (std::uint32_t sample = 0; sample < 40; ++sample)
      for (const unsigned threads : {1U, 3U})
        EXPECT_EQ(placed(augmentation, sample, threads, TrainingPass{9, epoch}),
                  by_the_text(augmented({1, 3, 4}, {1, 3, 3}, augmentation, 9, epoch, sample)));
  EXPECT_EQ(placed(augmentation, 5, 1, std::nullopt), by_the_text({})) << "not in a test";
}

}  // namespace
}  // namespace quatrain::emu
