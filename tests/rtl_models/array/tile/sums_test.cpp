/// The loops of fidelity `tile` on every instruction path, against sums and counts written as the text says
/// them.
#include "rtl_models/array/tile/sums.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <vector>

namespace quatrain::tests {
namespace {

using namespace rtl_models;
using Words = std::vector<std::int32_t>;

/// Values of operands up to the largest magnitude of any encoding; zero behind `columns`.
Words random_words(std::uint64_t lines, std::size_t columns, std::size_t stride, int most,
                   std::mt19937& random) {
  Words words(lines * stride);
  for (std::uint64_t line = 0; line < lines; ++line)
    for (std::size_t j = 0; j < columns; ++j)
      words[line * stride + j] = static_cast<int>(random() % static_cast<unsigned>(2 * most + 1)) - most;
  return words;
}

std::uint64_t changed(std::int32_t before, std::int32_t after) {
  return static_cast<std::uint64_t>(std::popcount(static_cast<std::uint32_t>(before ^ after)));
}

struct Extent {
  std::uint32_t rows;
  std::size_t columns;
  std::uint64_t steps;
};
const std::vector<Extent> extents = {{1, 1, 1},  {1, 16, 3},  {4, 32, 5},   {5, 17, 2},    {3, 31, 7},
                                     {8, 33, 1}, {32, 32, 9}, {7, 49, 700}, {2, 70, 1025}, {9, 15, 512}};

std::size_t padded(std::size_t columns) { return (columns + sum_lanes - 1) / sum_lanes * sum_lanes; }

class TileSums : public testing::TestWithParam<SimdPath> {};

TEST_P(TileSums, AccumulateProductByProduct) {
  std::mt19937 random(1);
  for (const Extent& e : extents)
    for (const bool restarts : {true, false}) {
      SCOPED_TRACE(testing::Message() << e.rows << " x " << e.columns << " x " << e.steps << restarts);
      const std::size_t stride = padded(e.columns);
      const Words left = random_words(e.steps, e.rows, e.rows, 64, random),
                  right = random_words(e.steps, e.columns, stride, 15, random);
      Words found = random_words(e.rows, stride, stride, 1 << 30, random), expected = found;
      std::uint64_t toggles = 0;
      for (std::uint64_t k = 0; k < e.steps; ++k)
        for (std::uint32_t i = 0; i < e.rows; ++i)
          for (std::size_t j = 0; j < e.columns; ++j) {
            std::int32_t& sum = expected[i * stride + j];
            const std::int32_t next =
                (restarts && k == 0 ? 0 : sum) + left[k * e.rows + i] * right[k * stride + j];
            toggles += changed(sum, next);
            sum = next;
          }
      EXPECT_EQ(accumulate(GetParam(), {left.data(), e.rows}, {right.data(), stride}, e.rows, e.columns,
                           e.steps, restarts, {found.data(), stride}),
                toggles);
      EXPECT_EQ(found, expected) << "registers behind the columns keep what they hold";
    }
}

TEST_P(TileSums, PassDownRowByRow) {
  std::mt19937 random(2);
  for (const Extent& e : extents) {
    SCOPED_TRACE(testing::Message() << e.rows << " x " << e.columns << " x " << e.steps);
    const std::size_t stride = padded(e.columns), wide = stride + sum_lanes;
    const Words moving = random_words(e.steps, e.rows, e.rows, 64, random),
                held = random_words(e.rows, e.columns, stride, 15, random);
    Words found = random_words(e.rows, wide, wide, 1 << 20, random), expected = found;
    Words words(e.steps * stride, 77);
    std::uint64_t toggles = 0;
    Words last;
    for (std::uint64_t t = 0; t < e.steps; ++t)
      for (std::size_t j = 0; j < e.columns; ++j) {
        std::int32_t sum = 0;
        for (std::uint32_t i = 0; i < e.rows; ++i) {
          sum += moving[t * e.rows + i] * held[i * stride + j];
          toggles += changed(expected[i * wide + j], sum);
          expected[i * wide + j] = sum;
        }
        last.push_back(sum);
      }
    EXPECT_EQ(pass_down(GetParam(), {moving.data(), e.rows}, {held.data(), stride}, e.rows, e.columns,
                        e.steps, {found.data(), wide}, {words.data(), stride}),
              toggles);
    EXPECT_EQ(found, expected);
    for (std::uint64_t t = 0; t < e.steps; ++t)
      for (std::size_t j = 0; j < e.columns; ++j)
        ASSERT_EQ(words[t * stride + j], last[t * e.columns + j]) << t << " " << j;
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, TileSums, testing::ValuesIn(supported_paths()),
                         [](const auto& path) { return std::string(name_of(path.param)); });

}  // namespace
}  // namespace quatrain::tests
