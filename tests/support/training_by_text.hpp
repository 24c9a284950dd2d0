#pragma once
/// An fp32 training run, written from docs/training-step.md alone: one loop per formula, one thread. It
/// shares no code with the emulator, so its figures are what a run's tables and checkpoints must say, bit for
/// bit. Draws come from the exact oracle.

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quatrain::tests {

struct EpochByText {
  std::int64_t step = 0;  ///< updates done
  float train_loss = 0, test_loss = 0;
  std::int64_t correct = 0, tested = 0;
  float learning_rate = 0;  ///< of the epoch's last step
  /// Section 13: what state_hash is the SHA-256 of.
  std::string state_bytes;
  /// Section 14: the data of the epoch's checkpoint.
  std::string checkpoint_bytes;
};

struct RunByText {
  std::vector<float> step_losses;
  std::vector<EpochByText> epochs;
};

/// `config`: a training config whose layers are all fp32 (any `quantize` is ignored). `data`: folder of plain
/// IDX files.
RunByText train_by_text(const nlohmann::json& config, const std::filesystem::path& data);

}  // namespace quatrain::tests
