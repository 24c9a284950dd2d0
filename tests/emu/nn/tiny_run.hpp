#pragma once
/// Runs of the tiny config on synthetic images: 6 steps per epoch, the last of them shorter.

#include "emu/nn/trainer.hpp"
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/synthetic_images.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace quatrain::tests {

inline constexpr std::int64_t tiny_steps_per_epoch = 6;

class TinyRun : public testing::Test {
 protected:
  void SetUp() override { write_synthetic_images(folder_ / "data", 90, 25); }

  emu::TrainingOptions options(const std::string& name) const {
    emu::TrainingOptions options;
    options.config = tiny_config();
    options.data = folder_ / "data";
    options.run_directory = folder_ / name;
    options.threads = 1;
    return options;
  }
  static emu::TrainingResult train(const emu::TrainingOptions& options) {
    base::SilentProgress progress;
    return emu::train(options, progress);
  }
  /// Stops when `steps` steps and evaluation batches are done.
  static void train_until(emu::TrainingOptions options, int steps) {
    class Count final : public base::Progress {
     public:
      void begin(std::string_view, std::uint64_t) override {}
      void update(std::uint64_t, std::string_view) override { ++done; }
      void finish() override {}
      std::atomic<int> done = 0;
    } count;
    options.stops = [&] { return count.done >= steps; };
    EXPECT_THROW(emu::train(options, count), base::Interrupted);
  }
  static std::vector<std::string> hashes(const std::vector<emu::EpochMetrics>& epochs) {
    std::vector<std::string> all;
    for (const emu::EpochMetrics& metrics : epochs) all.push_back(metrics.state_hash);
    return all;
  }

  Folder folder_;
};

}  // namespace quatrain::tests
