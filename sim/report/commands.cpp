#include "sim/report/commands.hpp"

#include "rtl_models/array_model.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/records/provenance.hpp"
#include "sim/workload/open_workload.hpp"
#include "traces/base/joined.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace quatrain::sim::report {
namespace {

namespace fs = std::filesystem;
namespace names = traces::run_names;

using Words = std::vector<std::string>;

void append(Words& words, Words more) {
  words.insert(words.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Words data_words(const TrainingRun& run) {
  if (run.data_folder.empty()) return {};
  return {"--data", run.data_folder};
}

/// The name of an embedded configuration where it is this one, else the simulation's own file, which keeps
/// it.
std::string accelerator_word(const Design& design) {
  const AcceleratorConfig& config = design.simulation.config;
  const std::vector<std::string_view> embedded_names = embedded_configs(ConfigKind::accelerator);
  if (std::ranges::find(embedded_names, config.name) != embedded_names.end()) {
    const AcceleratorConfig embedded = read_accelerator(open_config(config.name, ConfigKind::accelerator));
    if (to_json_object(embedded) == to_json_object(config)) return config.name;
  }
  return design.file.string();
}

/// Nothing for what is taken without it.
Words fidelity_words_of(const Design& design) {
  if (!design.simulation.replay || design.simulation.replay->fidelity == rtl_models::Fidelity::array)
    return {};
  return {"--fidelity", std::string(name_of(design.simulation.replay->fidelity))};
}

Words simulation_words(const Design& design, const fs::path& trace) {
  Words words = {"quatrain", "sim", accelerator_word(design), "--trace", trace.string()};
  if (!design.simulation.replay) words.emplace_back("--cycles-only");
  append(words, fidelity_words_of(design));
  return words;
}

/// A workload of shapes: a name inside the program, or a file that is still there; nothing otherwise.
std::optional<Words> shape_words(const WorkloadSource& workload) {
  const std::vector<std::string> embedded = embedded_workloads();
  if (std::ranges::find(embedded, workload.place) == embedded.end() && !fs::exists(workload.place))
    return std::nullopt;
  Words words = {workload.place, "--phases", std::string(name_of(workload.phases)), "--batch",
                 std::to_string(workload.batch)};
  if (workload.seed) append(words, {"--values", fmt::format("seed={}", *workload.seed)});
  return words;
}

/// Of a result whose workload is still there.
std::optional<Words> simulation_again(const Design& design) {
  const WorkloadSource& workload = design.simulation.workload;
  if (workload.is_trace()) {
    if (!fs::is_directory(workload.place)) return std::nullopt;
    return simulation_words(design, workload.place);
  }
  const std::optional<Words> shapes = shape_words(workload);
  if (!shapes) return std::nullopt;
  Words words = {"quatrain", "sim", accelerator_word(design)};
  append(words, *shapes);
  append(words, fidelity_words_of(design));
  return words;
}

std::vector<std::string> commands_of_simulations(const fs::path& directory, const Report& report) {
  const fs::path again = beside(directory);
  std::vector<std::string> commands;
  for (const std::vector<Design>* designs : {&report.designs, &report.others})
    for (const Design& design : *designs) {
      std::optional<Words> words = simulation_again(design);
      if (!words) continue;
      append(*words, {"--out", again.string()});
      commands.push_back(shell_line(*words));
    }
  if (!commands.empty()) commands.push_back(shell_line({"quatrain", "report", again.string()}));
  return commands;
}

}  // namespace

fs::path beside(const fs::path& directory) {
  fs::path name = directory.lexically_normal();
  if (!name.has_filename()) name = name.parent_path();
  if (name.empty() || name == "." || name.filename() == "..")
    name = fs::absolute(directory).lexically_normal();
  if (!name.has_filename()) name = name.parent_path();
  fs::path again = name.string() + "-again";
  for (int number = 2; fs::exists(again); ++number) again = fmt::format("{}-again-{}", name.string(), number);
  return again;
}

std::vector<std::string> commands_of(const fs::path& directory, const Report& report) {
  if (report.training.empty()) return commands_of_simulations(directory, report);
  const fs::path again = beside(directory);
  std::vector<std::string> commands;
  for (const TrainingRun& run : report.training) {
    if (run.stopped_by_error) continue;
    const fs::path copy = run.folder.empty() ? again : again / run.folder;
    Words words = {"quatrain", "train", (directory / run.folder / names::config).string(), "--out",
                   copy.string()};
    append(words, data_words(run));
    const bool is_traced = report.trace && run.folder == report.traced_folder;
    if (is_traced) append(words, {"--trace-steps", base::joined(report.trace->steps, ",")});
    commands.push_back(shell_line(words));
    if (!is_traced) continue;
    const fs::path trace = copy / names::trace;
    if (report.gradients) commands.push_back(study_command(trace, &report.gradients->asked));
    if (report.crosscheck) commands.push_back(verify_command(trace));
    for (const Design& design : report.designs)
      commands.push_back(shell_line(simulation_words(design, trace)));
  }
  if (!commands.empty()) commands.push_back(shell_line({"quatrain", "report", again.string()}));
  return commands;
}

std::string traced_run_command(const fs::path& directory, const TrainingRun& run) {
  if (run.stopped_by_error) return "";
  Words words = {
      "quatrain", "train", (directory / names::config).string(), "--out", beside(directory).string(),
      "--trace"};
  append(words, data_words(run));
  return shell_line(words);
}

std::string verify_command(const fs::path& trace) {
  return shell_line(
      {"quatrain", "verify", trace.string(), "--json", (trace.parent_path() / names::crosscheck).string()});
}

std::string study_command(const fs::path& trace, const study::StudyRequest* asked) {
  Words words = {"quatrain", "study", trace.string()};
  if (asked == nullptr) return shell_line(words);
  const study::StudyRequest usual;
  if (asked->samples != usual.samples) append(words, {"--samples", base::joined(asked->samples, ",")});
  if (asked->trials != usual.trials) append(words, {"--trials", std::to_string(asked->trials)});
  if (!asked->random_bits.empty()) append(words, {"--random-bits", base::joined(asked->random_bits, ",")});
  std::vector<std::string> alphas;
  for (const traces::Alpha alpha : asked->alphas) alphas.emplace_back(traces::name_of(alpha));
  if (!alphas.empty()) append(words, {"--alpha", base::joined(alphas, ",")});
  if (asked->most_macs != usual.most_macs) append(words, {"--macs", std::to_string(asked->most_macs)});
  return shell_line(words);
}

std::string simulation_command(const fs::path& trace) {
  Words words = {"quatrain", "sim", "luq_32x32", "--trace", trace.string()};
  if (rtl_models::systemc_missing()) words.emplace_back("--cycles-only");
  return shell_line(words);
}

std::string demo_command(const std::vector<TrainingRun>& runs) {
  Words words = {"quatrain", "demo"};
  if (!runs.empty()) append(words, data_words(runs.front()));
  return shell_line(words);
}

}  // namespace quatrain::sim::report
