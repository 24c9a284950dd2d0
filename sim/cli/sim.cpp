/// quatrain sim: an accelerator on a workload.
#include "rtl_models/array_model.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/accelerator/table.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/sim_inputs.hpp"
#include "sim/cli/typed_values.hpp"
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
DESIGN is a config inside the program (luq_32x32, bf16_32x32), a file, or an earlier result of sim.
WORKLOAD is the folder of a trace (or --trace), a training config, a CSV file of shapes, or a workload inside the
program (resnet50, bert_base, llama2_7b_prefill, ...). Each is known by what it is; the order does not matter.

Of a trace the simulated array computes every training GEMM (matrix product), register by register. Three things are
checked. Accumulators must equal the trace. Cycles must equal the closed form. Sampled tiles must equal a model in
which every PE (processing element) is a module of its own. Exit code 1: something differs.
Other workloads have no values. Their cycles, traffic and energy are closed forms (--fidelity analytic).

docs/guides/accelerators.md explains the figures, docs/guides/studies.md the workloads. docs/energy.md says where the
energies come from.

Examples:
  quatrain sim luq_32x32 --trace runs/mine/trace
      cycles, traffic and energy; every accumulator is checked
  quatrain sim bf16_32x32 --trace runs/mine/trace --fidelity analytic
      a design without a bit-accurate model
  quatrain sim design.json runs/mine/trace --out study
      your own design; its results are study/NAME.json and study/NAME.csv
  quatrain sim luq_32x32 resnet50 --phases training --batch 32
      one training step from its shapes alone; results in simulation/

A second design of the same name gets files of its own, NAME-2.json and so on.)";

struct Typed {
  std::vector<std::string> names;
  std::string trace, out, fidelity, phases;
  std::int64_t batch = 0;
  bool cycles_only = false;

  bool is_analytic() const { return cycles_only || fidelity == analytic_word; }
};

WorkloadOptions options_of(const Typed& typed) {
  WorkloadOptions options;
  if (!typed.phases.empty())
    options.phases =
        static_cast<Phases>(std::ranges::find(phases_words, typed.phases) - phases_words.begin());
  if (typed.batch > 0) options.batch = typed.batch;
  return options;
}

/// Throws Error where the typed fidelity needs what the design or this program lacks.
void require_replayable(const DesignInput& design) {
  if (design.config.pe->model == nullptr)
    throw base::Error("{}: {}; expected --fidelity analytic", design.config.name,
                      design.config.pe->why_not_replayed);
  if (design.config.convention == Convention::scalesim)
    throw base::Error(
        "{}: no array takes the cycles of the convention 'scalesim'; expected --fidelity analytic",
        design.config.name);
  if (const auto reason = rtl_models::systemc_missing())
    throw base::Error("no replay: {}; expected --fidelity analytic", *reason);
}

ArrayModels models_for(const AcceleratorConfig& config, const std::string& typed_fidelity) {
  const std::string word = typed_fidelity.empty() ? "array" : typed_fidelity;
  const auto fidelity = std::ranges::find(fidelity_words, word) - fidelity_words.begin();
  ArrayModels models = make_array_models(config.array, static_cast<rtl_models::Fidelity>(fidelity),
                                         config.dataflow, config.stalls() != nullptr, config.pe->model());
  if (config.quantizer_lanes) models.quantizer = rtl_models::make_quantizer_model(*config.quantizer_lanes);
  return models;
}

/// Results of a trace stand beside it.
std::filesystem::path folder_for(const Typed& typed, const WorkloadInput& workload) {
  if (!typed.out.empty()) return std::filesystem::path(typed.out).lexically_normal();
  if (!workload.is_trace()) return "simulation";
  return (std::filesystem::path(workload.place) / ".." / "simulation").lexically_normal();
}

Simulation simulate_trace(SimulationTask& task, const Typed& typed, const std::string& directory) {
  const auto progress = make_progress();
  const traces::TraceReader reader = traces::check_trace(directory, *progress);
  std::optional<ArrayModels> models;
  if (!typed.is_analytic()) {
    models = models_for(task.config, typed.fidelity);
    task.models = &*models;
  }
  const InterruptDeadline deadline;  // a GEMM on a large array takes minutes
  return simulate(task, reader, *progress);
}

int simulate_typed(const Typed& typed, const Provenance& provenance) {
  const SimInputs inputs = sim_inputs(typed.names, typed.trace, options_of(typed));
  const DesignInput& design = inputs.designs.front();
  const WorkloadInput& workload = inputs.workloads.front();
  if (workload.is_trace()) {
    if (!typed.is_analytic()) require_replayable(design);
  } else if (!typed.is_analytic() && !typed.fidelity.empty()) {
    throw base::Error("{}: has no values to replay; expected --fidelity {}", workload.place, analytic_word);
  }
  SimulationTask task{.config = design.config, .technologies = design.technologies, .stops = interrupted};
  const std::filesystem::path out = folder_for(typed, workload);
  if (workload.is_trace()) require_outside(out, workload.place);
  const std::vector<Output> outputs =
      simulation_outputs(task.config, workload.shapes ? workload.shapes->source : WorkloadSource{}, out);
  require_free(outputs);
  Simulation simulation =
      workload.is_trace() ? simulate_trace(task, typed, workload.place) : simulate(task, *workload.shapes);
  simulation.provenance = provenance;
  simulation.provenance.inputs = design.inputs;
  warn_unless_flushed(write_simulation(simulation, outputs), outputs.front().file);
  fmt::print("{}{}\n", simulation_table(simulation), outputs.front().file.string());
  const bool differs = (simulation.replay && !simulation.replay->equal()) ||
                       (simulation.quantizer_replay && !simulation.quantizer_replay->equal());
  return differs ? 1 : 0;
}

}  // namespace

void add_sim_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("sim", "Cycles, traffic and energy of an accelerator on a workload");
  command->footer(examples);
  const auto typed = std::make_shared<Typed>();
  command
      ->add_option("DESIGN_OR_WORKLOAD", typed->names, "a design and what it computes: names, files, folders")
      ->required();
  command->add_option("--trace", typed->trace, "trace directory: a workload with values");
  std::vector<std::string> words = {std::string(analytic_word)};
  words.insert(words.end(), fidelity_words.begin(), fidelity_words.end());
  CLI::Option* fidelity =
      command->add_option("--fidelity", typed->fidelity,
                          "analytic: closed forms alone; needs no values.\narray (default of a trace): every "
                          "register, fast; tiles of "
                          "arrays up to 64 x 64 are sampled at pe.\npe: every PE is a module; about 60 times "
                          "slower.\ntile: a whole "
                          "tile at once, in its cycles; the same figures, about 10 times faster");
  fidelity->check(CLI::IsMember(words));
  command->add_flag("--cycles-only", typed->cycles_only, "the same as --fidelity analytic")
      ->excludes(fidelity);
  command
      ->add_option(
          "--phases", typed->phases,
          "of a workload without values. forward (default of a list of shapes) or training (default of "
          "a training config): all three products of each layer")
      ->check(CLI::IsMember(std::vector<std::string>(phases_words.begin(), phases_words.end())));
  command
      ->add_option(
          "--batch", typed->batch,
          "inputs at once, of a workload without values (default: 1, or that of the training config)")
      ->check(whole_number(1, 65'536));
  command
      ->add_option("--out", typed->out,
                   "folder for NAME.json and NAME.csv (default: simulation, beside the trace or here)")
      ->check(not_empty());
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return simulate_typed(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
