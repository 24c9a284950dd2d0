/// The levels of docs/guides/training.md, "What is held equal", for every config in configs/training/, on a
/// few small images; the wide layers of the ResNet-18s are narrower.
#include "emu/machine.hpp"
#include "tests/emu/nn/tiny_run.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace quatrain::emu {
namespace {

const std::filesystem::path configs = std::filesystem::path(QUATRAIN_SOURCE_DIR) / "configs/training";

std::vector<std::string> config_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(configs))
    names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

class EveryConfig : public tests::TinyRun, public testing::WithParamInterface<std::string> {
 protected:
  /// Three images, two steps an epoch, two epochs.
  void SetUp() override {
    const std::int64_t side = GetParam() == "lenet5" ? 28 : 8;  // whose convolutions have no padding
    std::mt19937 random(3);
    const auto write = [&](const std::string& prefix, std::uint32_t count) {
      std::string pixels, labels;
      for (std::uint32_t i = 0; i < count; ++i) labels += static_cast<char>(random() % 10);
      for (std::int64_t i = 0; i < count * side * side; ++i) pixels += static_cast<char>(random() % 256);
      const auto size = static_cast<std::uint32_t>(side);
      std::filesystem::create_directories(folder_ / "data");
      base::write_whole_file(folder_ / "data" / (prefix + "-images-idx3-ubyte"),
                             tests::idx_bytes({count, size, size}, pixels));
      base::write_whole_file(folder_ / "data" / (prefix + "-labels-idx1-ubyte"),
                             tests::idx_bytes({count}, labels));
    };
    write("train", 3);
    write("t10k", 2);
    auto json = nlohmann::json::parse(base::read_whole_file(configs / (GetParam() + ".json")));
    json["data"] = {{"kind", "idx"}, {"size", {1, side, side}}, {"classes", 10}, {"mean", 0.5}, {"std", 0.3}};
    json["layers"].back()["out_features"] = 10;
    if (GetParam().starts_with("resnet18"))  // whose checkpoints have 90 MB
      for (auto& layer : json["layers"])
        if (layer.contains("out_channels")) layer["out_channels"] = layer["out_channels"].get<int>() / 8;
    json["epochs"] = 2;
    json["batch"] = 2;
    json["evaluation_batch"] = 2;
    for (const char* rate : {"from", "to", "peak"})  // so few images bear no larger steps
      if (json["learning_rate"].contains(rate)) json["learning_rate"][rate] = 0.001;
    config_ = read_training_config(base::JsonNode::parse(json.dump(), GetParam()));
  }
  TrainingOptions run(const std::string& level) const {
    TrainingOptions run = options(level);
    run.config = config_;
    run.hashes_every = 1;
    return run;
  }
  /// Everything that the run left, but its seconds and its log.
  std::map<std::string, std::string> left(const std::string& level) const {
    std::map<std::string, std::string> files;
    for (const char* name : {"steps.csv", "hashes.csv", "checkpoints/epoch_0001.safetensors",
                             "checkpoints/epoch_0002.safetensors"})
      files[name] = base::read_whole_file(folder_ / level / name);
    return files;
  }

  TrainingConfig config_;
};

TEST_P(EveryConfig, HoldsEveryLevel) {
  train(run("first"));
  const auto expected = left("first");
  train(run("run"));
  EXPECT_EQ(left("run"), expected);

  TrainingOptions threads = run("threads");
  threads.threads = 3;
  train(threads);
  EXPECT_EQ(left("threads"), expected);

  for (const SimdPath path : supported_paths()) {
    const std::string level = "simd_" + std::string(name_of(path));
    TrainingOptions simd = run(level);
    simd.path = path;
    train(simd);
    EXPECT_EQ(left(level), expected);
  }

  TrainingOptions resume = run("resume");
  resume.checkpoint_every = 1;
  train_until(resume, 4);  // two steps and a batch of the test, then the first step of the second epoch
  EXPECT_TRUE(std::filesystem::exists(folder_ / "resume/checkpoints/epoch_0001_step_00000003.safetensors"));
  resume.resumes = true;
  train(resume);
  EXPECT_EQ(left("resume"), expected);

  const auto naive = make_naive_machine();
  TrainingOptions machine = run("machine");
  machine.machine = naive.get();
  train(machine);
  EXPECT_EQ(left("machine"), expected);
}

INSTANTIATE_TEST_SUITE_P(Determinism, EveryConfig, testing::ValuesIn(config_names()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace quatrain::emu
