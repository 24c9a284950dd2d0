#include "sim/experiment/results.hpp"

#include "emu/nn/run_file.hpp"
#include "traces/base/error.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::experiment {
namespace {

namespace names = traces::run_names;

RunResult read_result(const Experiment& experiment, const std::filesystem::path& directory,
                      const Cell& cell) {
  RunResult result;
  result.cell = cell;
  result.directory = run_directory_of(directory, experiment, cell);
  if (!std::filesystem::exists(result.directory / names::config)) return result;
  emu::require_same_config(result.directory,
                           config_of(experiment, experiment.variants[cell.variant], cell.seed));
  const auto run = emu::read_run_file(result.directory);
  if (!run) return result;  // it was killed before its first word
  result.is_finished = run->state == emu::RunState::finished;
  if (!result.is_finished) result.why_not = run->reason.value_or(std::string(name_of(run->state)));
  result.epochs = emu::read_epochs(result.directory);
  result.step_losses = emu::read_step_losses(result.directory);
  return result;
}

const RunResult* finished(const std::vector<RunResult>& results, std::size_t variant, std::uint32_t seed) {
  const auto found = std::ranges::find_if(results, [&](const RunResult& result) {
    return result.is_finished && result.cell.variant == variant && result.cell.seed == seed;
  });
  return found == results.end() ? nullptr : &*found;
}

std::optional<Sample> sample_if_any(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return sample_of(values);
}

}  // namespace

std::vector<RunResult> read_results(const Experiment& experiment, const std::filesystem::path& directory) {
  std::vector<RunResult> results;
  for (const Cell& cell : cells_of(experiment)) results.push_back(read_result(experiment, directory, cell));
  return results;
}

std::string results_csv(const Experiment& experiment, const std::vector<RunResult>& results) {
  std::string text = fmt::format("{}\n", results_header);
  for (const RunResult& result : results)
    for (const emu::EpochMetrics& epoch : result.epochs)
      text += fmt::format("{},{},{}\n", experiment.variants[result.cell.variant].name, result.cell.seed,
                          emu::row_of(epoch));
  return text;
}

std::optional<Sample> sample_of(const std::vector<RunResult>& results, std::size_t variant,
                                const Figure& figure) {
  std::vector<double> values;
  for (const RunResult& result : results)
    if (result.is_finished && result.cell.variant == variant) values.push_back(figure(result.epochs.back()));
  return sample_if_any(values);
}

std::optional<Sample> paired_difference(const Experiment& experiment, const std::vector<RunResult>& results,
                                        std::size_t variant, const Figure& figure) {
  std::vector<double> differences;
  for (const std::uint32_t seed : experiment.seeds) {
    const RunResult* one = finished(results, variant, seed);
    const RunResult* base = finished(results, experiment.baseline, seed);
    if (one != nullptr && base != nullptr)
      differences.push_back(figure(one->epochs.back()) - figure(base->epochs.back()));
  }
  return sample_if_any(differences);
}

}  // namespace quatrain::sim::experiment
