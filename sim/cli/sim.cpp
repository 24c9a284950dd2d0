/// quatrain sim: an accelerator on the training GEMMs of a trace.
#include "rtl_models/array_model.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/accelerator/table.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/records/outputs.hpp"
#include "traces/format/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* examples = R"(
ACCELERATOR is a config inside the program (luq_32x32, bf16_32x32), a file, or an earlier result of sim.

The simulated array computes every training GEMM (matrix product) of the trace, register by register. Three things are
checked. Accumulators must equal the trace. Cycles must equal the closed form. Sampled tiles must equal a model in
which every PE (processing element) is a module of its own. Exit code 1: something differs.

docs/guides/accelerators.md explains the figures. docs/energy.md says where the energies come from.

Examples:
  quatrain sim luq_32x32 --trace runs/mine/trace
      cycles, traffic and energy; every accumulator is checked
  quatrain sim bf16_32x32 --trace runs/mine/trace --cycles-only
      a design without a bit-accurate model
  quatrain sim design.json --trace runs/mine/trace --out study
      your own design; its results are study/NAME.json and study/NAME.csv

Each call simulates one accelerator. A second design of the same name gets files of its own, NAME-2.json and so on.)";

struct Typed {
  std::string accelerator, trace, out, fidelity = "array";
  bool cycles_only = false;
};

/// The folder that the names of technology tables count from; empty for an embedded config.
std::filesystem::path folder_of(const base::JsonNode& config) {
  return std::filesystem::path(config.file()).parent_path();
}

/// A configuration, or the one that an earlier simulation kept in its file.
base::JsonNode config_in(const base::JsonNode& file) {
  return file.is_object() && file.has("format") ? file.at("config") : file;
}

/// The result keeps the configuration, and stands in another folder.
void make_tables_absolute(const std::filesystem::path& folder, AcceleratorConfig& config) {
  const std::vector<std::string_view> embedded = embedded_configs(ConfigKind::technology);
  for (std::string& name : config.technology)
    if (std::ranges::find(embedded, name) == embedded.end())
      name = std::filesystem::absolute(folder / name).lexically_normal().string();
}

/// The config, then its tables.
std::vector<Input> inputs_of(const Typed& typed, const SimulationTask& task,
                             const std::filesystem::path& folder) {
  std::vector<Input> inputs = {
      {typed.accelerator, config_sha256(typed.accelerator, ConfigKind::accelerator)}};
  for (std::size_t i = 0; i < task.technologies.size(); ++i) {
    const std::string& name = task.config.technology[i];
    const std::filesystem::path file = folder / name;
    inputs.push_back(
        {std::filesystem::exists(file) ? file.string() : name, task.technologies[i].table_sha256});
  }
  return inputs;
}

int simulate_typed(const Typed& typed, const Provenance& provenance) {
  const base::JsonNode file = open_config(typed.accelerator, ConfigKind::accelerator);
  SimulationTask task;
  task.config = read_accelerator(config_in(file));
  make_tables_absolute(folder_of(file), task.config);
  task.technologies = read_technologies(task.config, folder_of(file));
  task.stops = interrupted;
  if (task.config.pe->model == nullptr && !typed.cycles_only)
    throw base::Error("{}: {}; expected --cycles-only", task.config.name, task.config.pe->why_not_replayed);
  if (task.config.convention == Convention::scalesim && !typed.cycles_only)
    throw base::Error("{}: no array takes the cycles of the convention 'scalesim'; expected --cycles-only",
                      task.config.name);
  if (const auto reason = rtl_models::systemc_missing(); reason && !typed.cycles_only)
    throw base::Error("no replay: {}; expected --cycles-only", *reason);
  std::filesystem::path out = typed.out;
  if (typed.out.empty()) out = std::filesystem::path(typed.trace) / ".." / "simulation";
  out = out.lexically_normal();
  require_outside(out, typed.trace);
  const std::vector<Output> outputs = simulation_outputs(task.config, out);
  require_free(outputs);
  const auto progress = make_progress();
  const traces::TraceReader reader = traces::check_trace(typed.trace, *progress);
  std::optional<ArrayModels> models;
  if (!typed.cycles_only) {
    const auto fidelity = std::ranges::find(fidelity_words, typed.fidelity) - fidelity_words.begin();
    models =
        make_array_models(task.config.array, static_cast<rtl_models::Fidelity>(fidelity),
                          task.config.dataflow, task.config.stalls() != nullptr, task.config.pe->model());
    if (task.config.quantizer_lanes)
      models->quantizer = rtl_models::make_quantizer_model(*task.config.quantizer_lanes);
    task.models = &*models;
  }
  std::optional<InterruptDeadline> deadline(std::in_place);  // a GEMM on a large array takes minutes
  Simulation simulation = simulate(task, reader, *progress);
  deadline.reset();
  simulation.provenance = provenance;
  simulation.provenance.inputs = inputs_of(typed, task, folder_of(file));
  warn_unless_flushed(write_simulation(simulation, outputs), outputs.front().file);
  fmt::print("{}{}\n", simulation_table(simulation), outputs.front().file.string());
  const bool differs = (simulation.replay && !simulation.replay->equal()) ||
                       (simulation.quantizer_replay && !simulation.quantizer_replay->equal());
  return differs ? 1 : 0;
}

}  // namespace

void add_sim_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("sim", "Cycles, traffic and energy of an accelerator on a trace");
  command->footer(examples);
  const auto typed = std::make_shared<Typed>();
  command->add_option("ACCELERATOR", typed->accelerator, "accelerator config: name or file")->required();
  command->add_option("--trace", typed->trace, "trace directory")->required();
  CLI::Option* fidelity =
      command->add_option("--fidelity", typed->fidelity,
                          "array (default): every register, fast; tiles of arrays up to 64 x 64 are sampled "
                          "at pe.\npe: every PE is a module; about 60 times slower.\ntile: a whole tile at "
                          "once, in its cycles; the same figures, about 10 times faster");
  fidelity->check(CLI::IsMember(std::vector<std::string>(fidelity_words.begin(), fidelity_words.end())));
  command->add_flag("--cycles-only", typed->cycles_only, "use the closed forms alone and replay nothing")
      ->excludes(fidelity);
  command
      ->add_option("--out", typed->out,
                   "folder for NAME.json and NAME.csv (default: simulation, beside the trace)")
      ->check(not_empty());
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return simulate_typed(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
