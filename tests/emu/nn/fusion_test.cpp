/// Layers that run as one give the bits that they give one after the other, and only layers whose tensors in
/// between nobody needs run as one.
#include "emu/nn/fusion.hpp"

#include "emu/nn/network.hpp"
#include "emu/nn/optimizer.hpp"
#include "tests/emu/nn/residual_config.hpp"
#include "tests/emu/nn/tiny_config.hpp"
#include "traces/format/checksum.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <random>

namespace quatrain::emu {
namespace {

using testing::ElementsAre;

TrainingConfig with_layers(const char* layers) {
  nlohmann::json json = nlohmann::json::parse(tests::tiny_config_text);
  json["layers"] = nlohmann::json::parse(layers);
  return read_training_config(base::JsonNode::parse(json.dump(), "c.json"));
}

/// Outputs with up to four readers; additions that hand one gradient to several; the batch_norm on either
/// side of an addition; a run without a relu.
TrainingConfig branches() {
  return with_layers(R"([
    {"kind": "conv2d", "name": "a", "out_channels": 3, "kernel": 3, "padding": 1, "precision": "fp32"},
    {"kind": "batch_norm", "name": "an"},
    {"kind": "relu", "name": "r"},
    {"kind": "conv2d", "name": "b", "out_channels": 3, "kernel": 3, "padding": 1, "precision": "quantized"},
    {"kind": "batch_norm", "name": "bn"},
    {"kind": "add", "inputs": ["bn", "r"]},
    {"kind": "relu", "name": "s"},
    {"kind": "conv2d", "name": "c", "inputs": ["r"], "out_channels": 3, "kernel": 1, "precision": "quantized"},
    {"kind": "batch_norm", "name": "cn"},
    {"kind": "relu", "name": "t"},
    {"kind": "batch_norm", "name": "dn"},
    {"kind": "add", "inputs": ["s", "dn"]},
    {"kind": "relu", "name": "u"},
    {"kind": "add", "name": "w", "inputs": ["s", "t", "u"]},
    {"kind": "conv2d", "name": "e", "inputs": ["u"], "out_channels": 3, "kernel": 1, "precision": "quantized"},
    {"kind": "batch_norm", "name": "en"},
    {"kind": "add", "name": "x", "inputs": ["en", "w"]},
    {"kind": "conv2d", "name": "f", "out_channels": 3, "kernel": 1, "precision": "quantized"},
    {"kind": "batch_norm", "name": "fn"},
    {"kind": "relu", "name": "v"},
    {"kind": "add", "inputs": ["v", "s"]},
    {"kind": "global_avg_pool"},
    {"kind": "linear", "name": "last", "out_features": 10, "precision": "fp32"}
  ])");
}

/// What must stay apart, beside an addition of the images.
TrainingConfig odd_ones() {
  return with_layers(R"([
    {"kind": "conv2d", "name": "a", "out_channels": 1, "kernel": 3, "padding": 1, "precision": "fp32"},
    {"kind": "batch_norm", "name": "first"},
    {"kind": "add", "inputs": ["first", "images"]},
    {"kind": "relu", "name": "r"},
    {"kind": "batch_norm", "name": "read_twice"},
    {"kind": "relu", "name": "s"},
    {"kind": "add", "inputs": ["s", "read_twice"]},
    {"kind": "batch_norm", "name": "twice_in_one"},
    {"kind": "add", "inputs": ["twice_in_one", "twice_in_one"]},
    {"kind": "batch_norm", "name": "one_of_three"},
    {"kind": "add", "inputs": ["one_of_three", "r", "s"]},
    {"kind": "batch_norm", "name": "read_later"},
    {"kind": "max_pool", "name": "p", "inputs": ["s"], "kernel": 1},
    {"kind": "relu", "name": "q", "inputs": ["read_later"]},
    {"kind": "add", "inputs": ["p", "q"]},
    {"kind": "batch_norm", "name": "before_another"},
    {"kind": "batch_norm", "name": "in_a_sum"},
    {"kind": "add", "name": "sum", "inputs": ["in_a_sum", "r"]},
    {"kind": "relu", "name": "t"},
    {"kind": "add", "inputs": ["t", "sum"]},
    {"kind": "linear", "name": "last", "out_features": 10, "precision": "fp32"},
    {"kind": "batch_norm", "name": "of_classes"}
  ])");
}

using Fused = std::tuple<std::size_t, std::size_t, std::int32_t, bool>;
constexpr std::int32_t nothing = -2;

std::vector<Fused> runs_of(const TrainingConfig& config) {
  std::vector<Fused> runs;
  for (const FusedRun& run : fused_runs(config.layers))
    runs.emplace_back(run.first, run.last, run.addend.value_or(nothing), run.rectifies);
  return runs;
}

TEST(FusedRuns, AreThoseWhoseTensorsInBetweenHaveOneReader) {
  EXPECT_THAT(runs_of(branches()),
              ElementsAre(Fused(1, 2, nothing, true), Fused(4, 6, 2, true), Fused(8, 9, nothing, true),
                          Fused(10, 12, 6, true), Fused(15, 16, 13, false), Fused(18, 19, nothing, true)));
  EXPECT_THAT(runs_of(odd_ones()), ElementsAre(Fused(1, 3, images_input, true), Fused(16, 17, 3, false)));
  EXPECT_THAT(runs_of(tests::residual_config()),
              ElementsAre(Fused(1, 2, nothing, true), Fused(5, 6, nothing, true), Fused(8, 10, 3, true)));
}

/// With it every layer runs by itself.
class Watcher final : public TensorObserver {
 public:
  void made(StepPart part, std::int32_t layer, std::string_view, const traces::Shape&,
            std::span<const float>) override {
    if (part == StepPart::output) seen.push_back(layer);
  }
  std::vector<std::int32_t> seen;
};

void fill(std::span<float> values, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (float& value : values) value = normal(random);
}

/// Parameters as training leaves them: of both signs. A channel whose outputs are all zero: the edge of a
/// relu.
void move_parameters(Network& network) {
  unsigned seed = 7;
  for (Parameter* parameter : network.parameters()) {
    if (parameter->shape.size() != 1) continue;
    fill(parameter->value, seed++);
    parameter->value[0] = 0;
  }
}

struct Watched {
  bool is_watched = false;
  SimdPath path = SimdPath::portable;
  unsigned threads = 1;
};

/// Hashes of what two steps and an evaluation make: logits, gradients, state. Of the profile: whether layers
/// ran as one.
struct Found {
  std::vector<std::uint32_t> hashes;
  bool has_fused = false;
};

Found found_by(const TrainingConfig& config, const Watched& how) {
  Network network(config, how.path);
  move_parameters(network);
  base::ThreadPool pool(how.threads);
  Watcher watcher;
  StepProfile profile;
  StepContext context{.pool = pool, .seed = config.seed, .path = how.path};
  context.profile = &profile;
  if (how.is_watched) context.tensors = &watcher;
  Found found;
  const auto add = [&](std::span<const float> values) {
    found.hashes.push_back(traces::crc32c(traces::bytes_of(values)));
  };
  Tensor images, gradient;
  for (std::uint32_t step = 0; step < 3; ++step) {
    images.resize(step == 1 ? 3 : 7, config.layers.front().input);
    fill(images.values(), step);
    context.step = step;
    context.pass = step == 2 ? traces::Pass::evaluation : traces::Pass::train;
    gradient = network.forward(images, context);
    add(gradient.values());
    if (context.pass == traces::Pass::evaluation) break;
    fill(gradient.values(), 100 + step);
    network.backward(gradient, context);
    for (const Parameter* parameter : network.parameters()) add(parameter->gradient);
    update_parameters(network.parameters(), config.optimizer, 0.001F, pool);
  }
  for (const LayerState& layer : network.state())
    for (const State* state : layer.states) add(state->value);
  for (const ProfiledOperation& operation : profile.operations())
    found.has_fused |= operation.name.starts_with("batch_norm + ");
  EXPECT_EQ(watcher.seen.size(), how.is_watched ? 2 * config.layers.size() : 0)
      << "every output of both steps";
  return found;
}

class FusedLayers : public testing::TestWithParam<TrainingConfig (*)()> {};

TEST_P(FusedLayers, GiveTheBitsOfSeparateOnes) {
  const TrainingConfig config = GetParam()();
  const Found separate = found_by(config, {.is_watched = true});
  EXPECT_FALSE(separate.has_fused);
  for (const SimdPath path : supported_paths())
    for (const unsigned threads : {1U, 3U}) {
      const Found fused = found_by(config, {.path = path, .threads = threads});
      EXPECT_TRUE(fused.has_fused);
      EXPECT_EQ(fused.hashes, separate.hashes) << name_of(path) << ", " << threads << " threads";
    }
}

INSTANTIATE_TEST_SUITE_P(Networks, FusedLayers, testing::Values(branches, odd_ones, tests::residual_config));

}  // namespace
}  // namespace quatrain::emu
