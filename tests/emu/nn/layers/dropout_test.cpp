#include "emu/nn/layers/dropout.hpp"

#include "tests/emu/nn/layers/layer_check.hpp"
#include "tests/support/exact_oracle.hpp"

namespace quatrain::emu {
namespace {

using tests::bits_of;
using tests::tensor_of;
using Bits = std::vector<std::uint32_t>;

LayerConfig config_of(double rate) {
  LayerConfig config;
  config.kind = LayerWord::dropout;
  config.rate = rate;
  return config;
}

TEST(Dropout, ExampleOfTheText) {  // docs/training-step.md section 7
  base::ThreadPool pool(1);
  StepContext context{.pool = pool, .seed = 1, .step = 2};
  const Tensor x = tensor_of(1, {6, 1, 1}, {1, 2, 3, 4, 5, 6});
  const Bits expected{0, 0x402aaaab, 0x40800000, 0x40aaaaab, 0x40d55556, 0x41000000};
  for (const SimdPath path : supported_paths()) {
    tests::LayerRun<Dropout> layer(config_of(0.25), 3, path);
    EXPECT_EQ(bits_of(layer.forward(x, context).values()), expected);
    EXPECT_EQ(bits_of(layer.backward(x, true, context).values()), expected);
  }
}

TEST(Dropout, EvaluationHandsItsInputOn) {
  base::ThreadPool pool(1);
  StepContext context{.pool = pool, .seed = 1, .pass = traces::Pass::evaluation};
  const Tensor x = tensor_of(1, {3, 1, 1}, {1, -2, 3});
  tests::LayerRun<Dropout> layer(config_of(0.9), 3, SimdPath::portable);
  EXPECT_EQ(bits_of(layer.forward(x, context).values()), bits_of(x.values()));
}

/// A length that is no multiple of a block, of a vector, or of a piece; every element by the exact oracle.
TEST(Dropout, DrawsAreThoseOfTheFlatIndexForAnyThreadsAndPath) {
  constexpr double rate = 0.3;
  const Tensor x = tests::normal_tensor(3, {1, 1, 22'021}, 7);
  const auto factor = static_cast<float>(1 / (1 - rate));
  std::vector<float> expected;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool is_dropped = tests::exact::draw({5, 6, 7, 0}, i, 32, 4) < 1'288'490'188U;  // 0.3 2^32
    expected.push_back(is_dropped ? 0.0F : x.values()[i] * factor);
  }
  for (const SimdPath path : supported_paths())
    for (const unsigned threads : {1U, 3U}) {
      base::ThreadPool pool(threads);
      StepContext context{.pool = pool, .seed = 5, .step = 6};
      tests::LayerRun<Dropout> layer(config_of(rate), 7, path);
      EXPECT_EQ(bits_of(layer.forward(x, context).values()), bits_of(expected));
    }
}

TEST(Dropout, BackwardIsTheSlopeOfForward) {
  const Tensor x = tests::normal_tensor(2, {3, 4, 5}, 8);
  std::vector<double> factors;
  for (std::size_t i = 0; i < x.size(); ++i)
    factors.push_back(tests::exact::draw({1, 2, 3, 0}, i, 32, 4) < 0x80000000U ? 0 : 2);
  tests::LayerRun<Dropout> layer(config_of(0.5), 3, SimdPath::portable);
  tests::expect_derivative(
      layer, x,
      [&](const tests::Doubles& values) {
        tests::Doubles y = values;
        for (std::size_t i = 0; i < y.size(); ++i) y[i] *= factors[i];
        return y;
      },
      1e-5);
}

}  // namespace
}  // namespace quatrain::emu
