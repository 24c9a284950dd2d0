/// backward is the derivative of forward: along the gradient the loss changes by its squared length.
#include "emu/nn/loss.hpp"
#include "emu/nn/network.hpp"
#include "tests/emu/nn/residual_config.hpp"
#include "tests/emu/nn/tiny_config.hpp"

#include <gtest/gtest.h>

#include <random>

namespace quatrain::emu {
namespace {

constexpr std::int64_t batch = 8;

class Gradient : public testing::TestWithParam<TrainingConfig (*)()> {
 protected:
  Gradient() {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    images_.resize(batch, config_.layers.front().input);
    for (float& pixel : images_.values()) pixel = normal(random);
    for (std::uint32_t& label : labels_) label = static_cast<std::uint32_t>(random() % 10);
  }

  double loss() {
    std::vector<float> losses(batch);
    cross_entropy(network_.forward(images_, context_), labels_, losses);
    double total = 0;
    for (const float one : losses) total += static_cast<double>(one);
    return total / batch;
  }

  void fill_gradients() {
    std::vector<float> losses(batch);
    Tensor gradient;
    cross_entropy_with_gradient(network_.forward(images_, context_), labels_, losses, gradient);
    network_.backward(gradient, context_);
  }

  base::ThreadPool pool_{1};
  StepContext context_{.pool = pool_};
  TrainingConfig config_ = with_overrides(GetParam()(), {.quantize = Recipe::fp32}, "");
  Network network_{config_, SimdPath::portable};
  Tensor images_;
  std::vector<std::uint32_t> labels_ = std::vector<std::uint32_t>(batch);
};

TEST_P(Gradient, OfEveryParameterIsTheSlopeOfTheLoss) {
  fill_gradients();
  for (Parameter* parameter : network_.parameters()) {
    double squared = 0;
    for (const float g : parameter->gradient) squared += static_cast<double>(g) * static_cast<double>(g);
    ASSERT_GT(squared, 0) << parameter->name;
    const auto moved = [&](double distance) {
      const std::vector<float> start = parameter->value;
      for (std::size_t i = 0; i < start.size(); ++i)
        parameter->value[i] = static_cast<float>(static_cast<double>(start[i]) +
                                                 distance * static_cast<double>(parameter->gradient[i]));
      const double there = loss();
      parameter->value = start;
      return there;
    };
    const double h = 2e-3 / std::sqrt(squared);
    EXPECT_NEAR((moved(h) - moved(-h)) / (2 * h) / squared, 1, 0.05)
        << parameter->name;  // kinks of relu, max
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Gradient, testing::Values(&tests::tiny_config, &tests::residual_config));

}  // namespace
}  // namespace quatrain::emu
