#pragma once
/// gradients.csv of a run: one row for each step that was looked at and each layer, in the order of the
/// network (docs/guides/gradients.md).

#include "emu/nn/gradient_statistics.hpp"
#include "emu/nn/observer.hpp"
#include "emu/nn/training_config.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::emu {

struct GradientRow {
  std::int64_t step = 0;
  std::string layer;
  std::optional<traces::Rule> rule;  ///< absent: the gradient stays fp32
  GradientStatistics statistics;
  friend bool operator==(const GradientRow&, const GradientRow&) = default;
};

/// Of a run directory without the table: none. Throws Error with file and line when it is not as written
/// here.
std::vector<GradientRow> read_gradients(const std::filesystem::path& directory);
void write_gradients(const std::filesystem::path& directory, const std::vector<GradientRow>& rows);

/// Makes the rows of the steps that it sees: one for each layer of precision `quantized`. Of a gradient with
/// several samples it looks at sample 0, which backward_data takes too.
class GradientWatcher final : public StepObserver {
 public:
  /// All three outlive it.
  GradientWatcher(const TrainingConfig& config, base::ThreadPool& pool, std::vector<GradientRow>& rows)
      : config_(config), pool_(pool), rows_(rows) {}
  bool sees_products() const override { return false; }
  void begin_step(std::uint32_t step, traces::Pass) override {
    step_ = step;
    first_of_step_ = rows_.size();
  }
  void quantized(const QuantizerEvent& event) override;
  void left_in_fp32(const SourceEvent& event) override;
  void multiplied(const ProductEvent&) override {}

 private:
  void add(std::uint32_t layer, std::optional<traces::Rule> rule, std::span<const float> source,
           const QuantizedTensor* result);

  const TrainingConfig& config_;
  base::ThreadPool& pool_;
  std::vector<GradientRow>& rows_;
  std::uint32_t step_ = 0;
  std::size_t first_of_step_ = 0;
};

}  // namespace quatrain::emu
