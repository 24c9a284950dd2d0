#include "sim/study/weight_gradient.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace quatrain::sim::study {
namespace {

using traces::Geometry;

/// dW by the index sets of numerics.md section 6, one sum an element.
std::vector<double> direct_weight_gradient(const Geometry& g, const std::vector<double>& x,
                                           const std::vector<double>& dz) {
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  std::vector<double> dw;
  for (std::int64_t o = 0; o < g.out_channels; ++o)
    for (std::int64_t c = 0; c < in; ++c)
      for (std::int64_t i = 0; i < g.kernel_height; ++i)
        for (std::int64_t j = 0; j < g.kernel_width; ++j) {
          double sum = 0;
          for (std::int64_t b = 0; b < g.batch; ++b)
            for (std::int64_t ho = 0; ho < g.out_height; ++ho)
              for (std::int64_t wo = 0; wo < g.out_width; ++wo) {
                const std::int64_t h = ho * g.stride_height + i - g.padding_height;
                const std::int64_t w = wo * g.stride_width + j - g.padding_width;
                if (h < 0 || h >= g.height || w < 0 || w >= g.width) continue;
                const std::int64_t channel = o / out * in + c;
                sum += x[static_cast<std::size_t>(((b * g.in_channels + channel) * g.height + h) * g.width +
                                                  w)] *
                       dz[static_cast<std::size_t>(
                           ((b * g.out_channels + o) * g.out_height + ho) * g.out_width + wo)];
              }
          dw.push_back(sum);
        }
  return dw;
}

TEST(WeightGradients, EqualTheDefinitionForStridesPaddingAndGroups) {
  Geometry g{.batch = 3,
             .in_channels = 10,
             .height = 7,
             .width = 5,
             .out_channels = 4,
             .out_height = 4,
             .out_width = 2,
             .kernel_height = 3,
             .kernel_width = 2,
             .stride_height = 2,
             .stride_width = 3,
             .padding_height = 1,
             .padding_width = 0,
             .groups = 2};
  std::mt19937 random(1);
  const auto integers = [&](std::int64_t count) {  // sums of small integers are exact in any order
    std::vector<double> values(static_cast<std::size_t>(count));
    for (double& value : values) value = static_cast<double>(static_cast<int>(random() % 31) - 15);
    return values;
  };
  const std::vector<double> x = integers(traces::input_elements(g));
  const std::vector<std::vector<double>> gradients = {integers(traces::output_elements(g)),
                                                      integers(traces::output_elements(g))};
  for (const unsigned threads : {1U, 2U, 7U}) {
    base::ThreadPool pool(threads);
    const auto products = weight_gradients(g, x, gradients, pool);
    ASSERT_EQ(products.size(), 2U);
    EXPECT_EQ(products[0], direct_weight_gradient(g, x, gradients[0])) << threads << " threads";
    EXPECT_EQ(products[1], direct_weight_gradient(g, x, gradients[1])) << threads << " threads";
  }
}

}  // namespace
}  // namespace quatrain::sim::study
