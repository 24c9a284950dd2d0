/// Runs of a network with every kind of layer: docs/training-step.md by other code, threads, instruction
/// paths, resumption, traces.
#include "emu/nn/trainer.hpp"
#include "tests/emu/nn/residual_config.hpp"
#include "tests/emu/nn/tiny_run.hpp"
#include "tests/support/training_by_text.hpp"
#include "traces/format/check.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/reader.hpp"

#include <nlohmann/json.hpp>

namespace quatrain::emu {
namespace {

using base::read_whole_file;

class ResidualRun : public tests::TinyRun {
 protected:
  TrainingOptions residual(const std::string& name) const {
    TrainingOptions run = options(name);
    run.config = tests::residual_config();
    return run;
  }
  static std::string newest_checkpoint(const std::filesystem::path& run) {
    return read_whole_file(run / "checkpoints/epoch_0002.safetensors");
  }
};

TEST_F(ResidualRun, InFp32IsThatOfTheText) {
  const tests::RunByText expected =
      tests::train_by_text(nlohmann::json::parse(tests::residual_config_text), folder_ / "data");
  for (const SimdPath path : supported_paths()) {
    TrainingOptions run = residual(std::string(name_of(path)));
    run.config = with_overrides(run.config, {.quantize = Recipe::fp32}, "");
    run.path = path;
    run.threads = 3;
    const std::vector<EpochMetrics> epochs = train(run).epochs;
    EXPECT_EQ(read_step_losses(run.run_directory), expected.step_losses);
    ASSERT_EQ(epochs.size(), expected.epochs.size());
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      EXPECT_EQ(epochs[i].test_loss, expected.epochs[i].test_loss);
      EXPECT_EQ(epochs[i].state_hash, traces::sha256_hex(expected.epochs[i].state_bytes));
    }
    const std::string& data = expected.epochs.back().checkpoint_bytes;
    const std::string file = newest_checkpoint(run.run_directory);
    EXPECT_EQ(file.substr(file.size() - data.size()), data);
  }
}

TEST_F(ResidualRun, SameStateForAnyThreadsAndPath) {
  const std::vector<std::string> expected = hashes(train(residual("first")).epochs);
  for (const SimdPath path : supported_paths())
    for (const unsigned threads : {2U, 7U}) {
      TrainingOptions again = residual(fmt::format("{}_{}", name_of(path), threads));
      again.path = path;
      again.threads = threads;
      EXPECT_EQ(hashes(train(again).epochs), expected) << name_of(path) << ", " << threads << " threads";
    }
}

/// Running means and variances too.
TEST_F(ResidualRun, InterruptedAndResumedIsTheSameRun) {
  train(residual("whole"));
  for (const int step : {3, 12}) {
    TrainingOptions resumed = residual(fmt::format("stopped_{}", step));
    train_until(resumed, step);
    resumed.resumes = true;
    train(resumed);
    EXPECT_EQ(newest_checkpoint(resumed.run_directory), newest_checkpoint(folder_ / "whole"));
  }
}

TEST_F(ResidualRun, TraceNamesItsLayersAndPassesTheCheck) {
  TrainingOptions run = residual("traced");
  run.trace = TraceRequest{.directory = {}, .steps = "0,3"};
  const TrainingResult result = train(run);
  base::SilentProgress progress;
  traces::check_trace(*result.trace, progress);
  EXPECT_EQ(hashes(result.epochs), hashes(train(residual("untraced")).epochs));
  const traces::TraceReader trace(*result.trace);
  std::vector<std::string> names;
  for (const traces::LayerRecord& layer : trace.manifest().layers) names.push_back(layer.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a.conv1", "a.conv2", "b.shortcut", "b.conv1", "b.depthwise",
                                             "last_conv"}));
  EXPECT_EQ(trace.manifest().gemms.size(), 6U * (3 + 3 + 1));  // two steps, one evaluation
}

}  // namespace
}  // namespace quatrain::emu
