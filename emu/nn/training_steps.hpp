#pragma once
/// The training steps of a run, without its files: network, batches, loss and update (docs/training-step.md
/// section 1). The trainer runs all of them; whoever looks for a difference runs some of them again.

#include "emu/data/batches.hpp"
#include "emu/nn/network.hpp"
#include "emu/nn/training_config.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quatrain::emu {

class TrainingSteps {
 public:
  /// All but `machine` outlive it. `machine` computes all quantizers and 4-bit products; null: the emulator
  /// on `path`. Throws Error when the run would have 2^32 steps or more.
  TrainingSteps(const TrainingConfig& config, const DataSet& data, base::ThreadPool& pool, SimdPath path,
                traces::Machine* machine);

  Network& network() { return network_; }
  const Network& network() const { return network_; }
  StepContext& context() { return context_; }
  std::int64_t per_epoch() const { return per_epoch_; }
  std::int64_t train_count() const { return train_count_; }
  float rate_at(std::int64_t step) const;

  /// Draws the order of the epoch's samples; `epoch` counts from 0. Comes before its steps.
  void begin_epoch(std::int64_t epoch);
  /// Images of step `step`, which belongs to that epoch: its number tells the draws, its place the samples.
  void make_batch(std::int64_t step);
  /// Forward, backward and update of the batch that was made. Returns its mean loss; losses: one per image of
  /// it.
  float train(std::int64_t step, std::span<float> losses);
  /// Of the epoch's samples: where the step's begin, and how many they are.
  std::size_t first_sample(std::int64_t step) const;
  std::size_t sample_count(std::int64_t step) const;

  /// Logits of test images.
  const Tensor& evaluate(const BatchMaker& batches, std::span<const std::uint32_t> samples);
  const std::vector<std::uint32_t>& labels() const { return labels_; }  ///< of the last batch

 private:
  void make(const BatchMaker& batches, std::span<const std::uint32_t> samples,
            const std::optional<TrainingPass>& pass);
  float loss_with_gradient(const Tensor& logits, std::span<float> losses);

  const TrainingConfig& config_;
  base::ThreadPool& pool_;
  StepContext context_;
  std::optional<MachineSteps> machine_steps_;
  Network network_;
  std::int64_t train_count_;
  BatchMaker batches_;
  std::int64_t per_epoch_;
  std::int64_t epoch_ = 0;
  std::vector<std::uint32_t> order_;
  Tensor images_, logits_gradient_;
  std::vector<std::uint32_t> labels_;
};

}  // namespace quatrain::emu
