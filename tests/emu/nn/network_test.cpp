#include "emu/nn/network.hpp"

#include "tests/emu/nn/seen_paths.hpp"
#include "tests/emu/nn/tiny_config.hpp"

#include <gtest/gtest.h>

namespace quatrain::emu {
namespace {

TEST(Network, ItsQuantizersRunOnItsPath) {
  const TrainingConfig config = tests::tiny_config();
  Tensor images, gradient;
  images.resize(2, image_extent);
  gradient.resize(2, config.layers.back().output);
  for (std::size_t i = 0; i < images.size(); ++i) images.values()[i] = static_cast<float>(i % 7) - 2.5F;
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient.values()[i] = static_cast<float>(i % 3) - 1.0F;
  for (const SimdPath path : supported_paths()) {
    Network network(config, path);
    EXPECT_EQ(network.path(), path);
    base::ThreadPool pool(1);
    tests::SeenPaths seen;
    StepContext context{.pool = pool, .observer = &seen};
    network.forward(images, context);
    network.backward(gradient, context);
    EXPECT_EQ(seen.paths, std::set{path});
  }
}

}  // namespace
}  // namespace quatrain::emu
