#include "emu/nn/layers/add.hpp"

#include "tests/emu/nn/layers/layer_check.hpp"

namespace quatrain::emu {
namespace {

TEST(Add, ExampleOfTheText) {  // docs/training-step.md section 7
  base::ThreadPool pool(1);
  StepContext context{.pool = pool};
  const Tensor large = tests::tensor_of(1, {1, 1, 1}, {0x1p24F}), one = tests::tensor_of(1, {1, 1, 1}, {1});
  tests::LayerRun<Add> layer;
  const std::vector<const Tensor*> falling = {&large, &one, &one}, rising = {&one, &one, &large};
  EXPECT_EQ(layer.forward(std::span<const Tensor* const>(falling), context).values()[0], 0x1p24F);
  EXPECT_EQ(layer.forward(std::span<const Tensor* const>(rising), context).values()[0], 16777218);
  EXPECT_TRUE(Add().hands_gradient_on());
}

TEST(Add, TakesEveryElementForAnyThreads) {
  const Extent extent{3, 111, 257};
  const Tensor a = tests::normal_tensor(1, extent, 1), b = tests::normal_tensor(1, extent, 2);
  for (const unsigned threads : {1U, 3U}) {
    base::ThreadPool pool(threads);
    StepContext context{.pool = pool};
    tests::LayerRun<Add> layer;
    const std::vector<const Tensor*> inputs = {&a, &b};
    const Tensor& y = layer.forward(std::span<const Tensor* const>(inputs), context);
    ASSERT_EQ(y.extent(), extent);
    for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y.values()[i], a.values()[i] + b.values()[i]);
  }
}

}  // namespace
}  // namespace quatrain::emu
