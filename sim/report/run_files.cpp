#include "sim/report/run_files.hpp"

#include "emu/nn/run_file.hpp"
#include "sim/records/result_file.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

namespace quatrain::sim::report {
namespace {

using base::JsonNode;

/// What a run is called beside others, after how it rounds gradients.
std::string recipe_of(const emu::TrainingConfig& config) {
  if (config.quantize.gradient == emu::GradientRule::none &&
      config.quantize.forward != emu::ForwardRule::none)
    return "fp32_gradient";
  switch (config.quantize.gradient) {
    case emu::GradientRule::luq:
      return std::string(name_of(emu::Recipe::luq));
    case emu::GradientRule::nearest:
      return std::string(name_of(emu::Recipe::nearest));
    case emu::GradientRule::paper_code:
      return "paper_code";
    case emu::GradientRule::none:
      return std::string(name_of(emu::Recipe::fp32));
  }
  __builtin_unreachable();
}

/// Where the data lie, and of a run that did not reach its last epoch why.
void read_end(const std::filesystem::path& directory, TrainingRun& run) {
  const std::optional<emu::RunFile> file = emu::read_run_file(directory);
  if (!file) return;  // a run of an older program
  run.data_folder = file->data_folder;
  if (run.is_complete()) return;
  run.stopped_by_error = file->state == emu::RunState::stopped;
  run.stopped = std::string(name_of(file->state));
  if (file->reason) run.stopped += ": " + *file->reason;
}

}  // namespace

TrainingRun read_training_run(const std::filesystem::path& directory) {
  TrainingRun run;
  run.config = emu::read_training_config(JsonNode::read(directory / "config.json"));
  run.recipe = recipe_of(run.config);
  run.epochs = emu::read_epochs(directory);
  run.step_losses = emu::read_step_losses(directory);
  for (const emu::EpochMetrics& epoch : run.epochs)
    if (!std::isfinite(epoch.test_accuracy_percent) || !std::isfinite(epoch.seconds) ||
        !std::isfinite(epoch.learning_rate))
      throw base::Error("{}: epoch {}: expected a finite accuracy, learning rate and time",
                        (directory / "metrics.csv").string(), epoch.epoch);
  read_end(directory, run);
  return run;
}

bool is_simulation(const std::filesystem::path& file) {
  const JsonNode root = JsonNode::read(file);
  return root.is_object() && root.has("format") && root.at("format").is_string() &&
         root.at("format").string() == "quatrain-simulation";
}

std::vector<Stage> read_stages(const std::filesystem::path& file) {
  const JsonNode root = open_result_file(file, "quatrain-stages");
  std::vector<Stage> stages;
  for (const auto& [name, seconds] : root.at("seconds").members())
    stages.push_back({name, seconds.number(0, 1e9), root.at("commands").at(name).string()});
  return stages;
}

}  // namespace quatrain::sim::report
