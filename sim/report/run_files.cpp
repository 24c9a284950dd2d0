#include "sim/report/run_files.hpp"

#include "sim/records/result_file.hpp"

namespace quatrain::sim::report {
namespace {

using traces::JsonNode;

/// What a run is called beside others, after how it rounds gradients.
std::string recipe_of(const emu::TrainingConfig& config) {
  if (config.quantize.gradient == emu::GradientRule::none &&
      config.quantize.forward != emu::ForwardRule::none)
    return "fp32_gradient";
  return std::string(name_of(config.quantize.gradient == emu::GradientRule::luq       ? emu::Recipe::luq
                             : config.quantize.gradient == emu::GradientRule::nearest ? emu::Recipe::nearest
                                                                                      : emu::Recipe::fp32));
}

}  // namespace

TrainingRun read_training_run(const std::filesystem::path& directory) {
  TrainingRun run;
  run.config = emu::read_training_config(JsonNode::read(directory / "config.json"));
  run.recipe = recipe_of(run.config);
  run.epochs = emu::read_epochs(directory);
  run.step_losses = emu::read_step_losses(directory);
  return run;
}

std::vector<Stage> read_stages(const std::filesystem::path& file) {
  const JsonNode root = open_result_file(file, "quatrain-stages");
  std::vector<Stage> stages;
  for (const auto& [name, seconds] : root.at("seconds").members())
    stages.push_back({name, seconds.number(0, 1e9), root.at("commands").at(name).string()});
  return stages;
}

}  // namespace quatrain::sim::report
