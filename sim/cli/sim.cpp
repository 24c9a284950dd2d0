/// quatrain sim: an accelerator on a workload.
#include "emu/machine.hpp"
#include "rtl_models/array_model.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/accelerator/simulation_timeline.hpp"
#include "sim/accelerator/table.hpp"
#include "sim/accelerator/tile_waveform.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/sim_inputs.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/cli/workload_options.hpp"
#include "sim/records/outputs.hpp"
#include "sim/records/trace_events.hpp"
#include "sim/sweep/design_table.hpp"
#include "traces/format/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* sim_examples = R"(
Any number of designs and workloads may be typed: each design runs each workload.
DESIGN is a config inside the program (luq_32x32, bf16_32x32), a file, or an earlier result of sim.
WORKLOAD is the folder of a trace (or --trace), a training config, a CSV file of shapes, an ONNX model, or a workload
inside the program (resnet50, bert_base, llama2_7b_prefill, ...). Each is known by what it is; the order does not
matter.

Of a trace the simulated array computes every training GEMM (matrix product), register by register. Three things are
checked. Accumulators must equal the trace. Cycles must equal the closed form. Sampled tiles must equal a model in
which every PE (processing element) is a module of its own. Exit code 1: something differs.
Other workloads have no values. Their cycles, traffic and energy are closed forms (--fidelity analytic). With
--values seed=N values are drawn for them, and the array is simulated too: activity, zero gating, equal bits.

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
  quatrain sim luq_32x32 model.onnx --shape input=8x3x224x224
      a network that another program exported; its values have no part in it
  quatrain sim luq_32x32 resnet50 --set buffers.buffering=double --timeline sim.json
      and when each block is loaded, computed and stored, for https://ui.perfetto.dev
  quatrain sim luq_32x32 runs/mine/trace --set array.rows=8 --set array.columns=8 --vcd tile.vcd
      and every register of the PEs in every cycle of the first tile, for GTKWave
  quatrain sim luq_32x32 resnet50 --values seed=1 --fidelity tile --set zero_gating=false,true
      values from a seeded generator: what gating the zeros saves
  quatrain sim luq_32x32 bert_base gpt2 --set array.rows=16,32 --set array.drain=serial,shadow
      four designs on two workloads, one line each; simulation/comparison.csv has all figures

A second design of the same name gets files of its own, NAME-2.json and so on.)";

struct TypedSim {
  SimNames names;
  std::string out, fidelity, timeline, vcd;
  TileChoice tile;
  std::shared_ptr<const TypedWorkloadOptions> workload;
  bool cycles_only = false;
  std::uint64_t replay_limit = 100'000'000'000;

  bool is_analytic() const { return cycles_only || fidelity == analytic_word; }
};

/// PEs of floating-point operands are modelled in one dataflow.
void require_float_dataflow(const AcceleratorConfig& config) {
  if (!std::holds_alternative<rtl_models::OutputStationary>(config.dataflow))
    throw base::Error(
        "{}: the pe '{}' is replayed by /array/dataflow 'output_stationary' alone; expected that, or "
        "--fidelity analytic",
        config.name, config.pe->name);
}

/// Throws Error where a replay needs what the design or this program lacks.
void require_replayable(const DesignInput& design) {
  if (design.config.pe->floats)
    require_float_dataflow(design.config);
  else if (design.config.pe->model == nullptr)
    throw base::Error("{}: the pe '{}' has no model to replay; expected --fidelity analytic",
                      design.config.name, design.config.pe->name);
  if (design.config.convention == Convention::scalesim)
    throw base::Error(
        "{}: no array takes the cycles of the convention 'scalesim'; expected --fidelity analytic",
        design.config.name);
  if (const auto reason = rtl_models::systemc_missing())
    throw base::Error("no replay: {}; expected --fidelity analytic", *reason);
}

ArrayModels models_for(const AcceleratorConfig& config, const std::string& typed_fidelity) {
  const std::string word = typed_fidelity.empty() ? "array" : typed_fidelity;
  const auto fidelity =
      static_cast<rtl_models::Fidelity>(std::ranges::find(fidelity_words, word) - fidelity_words.begin());
  if (config.pe->floats)
    return make_float_models(config.array, fidelity, std::get<rtl_models::OutputStationary>(config.dataflow),
                             *config.pe->floats, config.stalls() != nullptr);
  ArrayModels models = make_array_models(config.array, fidelity, config.dataflow, config.stalls() != nullptr,
                                         config.pe->model());
  if (config.quantizers)
    models.quantizer = rtl_models::make_quantizer_model(
        config.quantizers->lanes, config.quantizers->placement, config.quantizers->groups());
  return models;
}

/// Results of a trace stand beside it.
std::filesystem::path folder_for(const TypedSim& typed, const WorkloadInput& workload) {
  if (!typed.out.empty()) return std::filesystem::path(typed.out).lexically_normal();
  if (!workload.is_trace()) return "simulation";
  return (std::filesystem::path(workload.place) / ".." / "simulation").lexically_normal();
}

/// One design on one workload, with its place.
struct Run {
  const DesignInput& design;
  const WorkloadInput& workload;
  std::vector<Output> outputs;
  std::optional<ArrayModels> models = {};
  std::unique_ptr<rtl_models::WaveformModel> waveform = {};
  TileChoice choice = {};
  TileWaveform tile = {};
};

/// All that is asked for, before anything is simulated: SystemC elaborates once per process.
std::vector<Run> plan(const TypedSim& typed, const SimInputs& inputs) {
  std::vector<Run> runs;
  std::set<std::filesystem::path> taken;
  for (const DesignInput& design : inputs.designs)
    for (const WorkloadInput& workload : inputs.workloads) {
      const std::filesystem::path out = folder_for(typed, workload);
      if (workload.is_trace()) require_outside(out, workload.place);
      const WorkloadSource source = workload.shapes ? workload.shapes->source : WorkloadSource{};
      Run& run = runs.emplace_back(Run{design, workload, simulation_outputs(design.config, source, out)});
      const std::filesystem::path& file = run.outputs.front().file;
      if (!taken.insert(file).second)
        throw base::Error(
            "{}: two results would go into this file; expected workloads of different names, or no "
            "--out for traces",
            file.string());
      require_free(run.outputs);
      if (workload.has_values() && !typed.is_analytic()) require_replayable(design);
      if (!workload.is_trace() && workload.has_values() && design.config.pe->floats)
        throw base::Error("{}: the pe '{}' computes from fp32 tensors; expected a trace in place of --values",
                          design.config.name, design.config.pe->name);
      if (!workload.has_values() && !typed.is_analytic() && !typed.fidelity.empty())
        throw base::Error("{}: has no values to replay; expected --fidelity {}, or --values seed=N",
                          workload.place, analytic_word);
    }
  return runs;
}

Simulation simulate_trace(SimulationTask& task, Run& run, base::Progress& progress) {
  const traces::TraceReader reader = traces::check_trace(run.workload.place, progress);
  if (run.models) task.models = &*run.models;
  if (run.waveform) run.tile = waveform_of(run.choice, *run.waveform, run.design.config, reader);
  const InterruptDeadline deadline;  // a GEMM on a large array takes minutes
  return simulate(task, reader, progress);
}

/// Values that are drawn; the sums have to be those of the emulator.
Simulation simulate_drawn(const SimulationTask& task, const Workload& shapes, base::Progress& progress) {
  base::ThreadPool pool;
  const auto blocked = emu::make_blocked_machine(pool), naive = emu::make_naive_machine();
  const SeededSource source(shapes.source.seed.value(), {blocked.get(), naive.get()});
  const InterruptDeadline deadline;
  return simulate(task, shapes, source, progress);
}

Simulation simulate_shapes(SimulationTask& task, Run& run, base::Progress& progress) {
  if (!run.models) return simulate(task, *run.workload.shapes);
  task.models = &*run.models;
  return simulate_drawn(task, *run.workload.shapes, progress);
}

Simulation simulate_run(Run& run, const Provenance& provenance, SimulationTimeline* timeline,
                        base::Progress& progress) {
  SimulationTask task{.config = run.design.config,
                      .technologies = run.design.technologies,
                      .timeline = timeline,
                      .stops = interrupted};
  if (timeline != nullptr)
    timeline->begin(run.design.config,
                    run.workload.is_trace() ? run.workload.place : run.workload.shapes->source.name);
  Simulation simulation =
      run.workload.is_trace() ? simulate_trace(task, run, progress) : simulate_shapes(task, run, progress);
  simulation.provenance = provenance;
  simulation.provenance.inputs = run.design.inputs;
  warn_unless_flushed(write_simulation(simulation, run.outputs), run.outputs.front().file);
  return simulation;
}

bool differs(const Simulation& simulation) {
  return (simulation.replay && !simulation.replay->equal()) ||
         (simulation.quantizer_replay && !simulation.quantizer_replay->equal());
}

/// comparison.csv, beside the first result.
Output comparison_output(const std::vector<Run>& runs) {
  return {runs.front().outputs.front().file.parent_path() / "comparison.csv",
          "design,workload,file,phases,batch"};
}

/// Nothing where no waveform is asked for.
std::vector<Output> vcd_output(const TypedSim& typed, const std::vector<Run>& runs) {
  if (typed.vcd.empty()) return {};
  const Run& run = runs.front();
  if (runs.size() > 1 || !run.workload.is_trace() || typed.is_analytic())
    throw base::Error(
        "--vcd: needs one design and one trace, replayed; expected --trace DIRECTORY without "
        "--fidelity analytic");
  require_outside(typed.vcd, run.workload.place);
  std::vector<Output> outputs = {{typed.vcd, std::string(waveform_mark)}};
  require_free(outputs);
  return outputs;
}

int simulate_typed(const TypedSim& typed, const Provenance& provenance) {
  const SimInputs inputs = sim_inputs(typed.names, typed.workload->options());
  if (!typed.names.values.empty() && typed.is_analytic())
    throw base::Error("--values: --fidelity {} needs none; expected array, tile or pe", analytic_word);
  for (const WorkloadInput& workload : inputs.workloads)
    if (!workload.is_trace() && workload.has_values())
      require_small_enough(*workload.shapes, typed.replay_limit);
  std::vector<Run> runs = plan(typed, inputs);
  const std::vector<Output> comparison = {comparison_output(runs)};
  if (runs.size() > 1) require_free(comparison);
  std::optional<SimulationTimeline> timeline;
  std::vector<Output> drawing;
  if (!typed.timeline.empty()) {
    timeline.emplace();
    drawing.push_back({typed.timeline, std::string(trace_events_mark)});
    require_free(drawing);
  }
  const std::vector<Output> vcd = vcd_output(typed, runs);
  if (!vcd.empty()) {
    runs.front().waveform = make_waveform_model(runs.front().design.config);
    runs.front().choice = typed.tile;
  }
  for (Run& run : runs)
    if (run.workload.has_values() && !typed.is_analytic())
      run.models = models_for(run.design.config, typed.fidelity);
  const auto progress = make_progress();
  DesignTable table;
  bool is_different = false;
  for (Run& run : runs) {
    const Simulation simulation = simulate_run(run, provenance, timeline ? &*timeline : nullptr, *progress);
    is_different = is_different || differs(simulation);
    if (runs.size() == 1)
      fmt::print("{}", simulation_table(simulation));
    else
      table.add({run.design.config.name, run.design.overrides}, simulation);
    if (runs.size() == 1) fmt::print("{}\n", run.outputs.front().file.string());
  }
  if (runs.size() > 1) {
    warn_unless_flushed(write_outputs(comparison, std::vector<std::string>{table.csv()}),
                        comparison.front().file);
    fmt::print("{}{}\n", table.text(), comparison.front().file.string());
  }
  if (!vcd.empty()) {
    warn_unless_flushed(write_outputs(vcd, std::vector<std::string>{runs.front().tile.text}), typed.vcd);
    fmt::print("{}: {}\n", typed.vcd, runs.front().tile.place);
  }
  if (timeline) {
    warn_unless_flushed(write_outputs(drawing, std::vector<std::string>{timeline->text()}), typed.timeline);
    fmt::print("{}\n", typed.timeline);
  }
  return is_different ? 1 : 0;
}

}  // namespace

void add_sim_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("sim", "Cycles, traffic and energy of an accelerator on a workload");
  command->footer(sim_examples);
  const auto typed = std::make_shared<TypedSim>();
  command
      ->add_option("DESIGN_OR_WORKLOAD", typed->names.names,
                   "designs and what they compute: names, files, folders")
      ->required();
  command->add_option("--trace", typed->names.traces, "trace directory: a workload with values")
      ->allow_extra_args(false);
  command
      ->add_option("--set", typed->names.sets,
                   "KEY=VALUE[,VALUE...]: a key of the designs by its path, as in array.rows=8,16;\nwith "
                   "several values, and "
                   "several --set, every combination is a design")
      ->allow_extra_args(false);
  std::vector<std::string> words = {std::string(analytic_word)};
  words.insert(words.end(), fidelity_words.begin(), fidelity_words.end());
  CLI::Option* fidelity = command->add_option(
      "--fidelity", typed->fidelity,
      "analytic: closed forms alone; needs no values.\narray (default of a trace): every "
      "register, fast;\n  tiles of arrays up to 64 x 64 are sampled at pe.\npe: every PE is "
      "a module; about 60 times slower.\ntile: a whole tile at once, in its cycles; the same "
      "figures,\n  about 10 times faster");
  fidelity->check(CLI::IsMember(words));
  CLI::Option* cycles_only =
      command->add_flag("--cycles-only", typed->cycles_only, "the same as --fidelity analytic")
          ->excludes(fidelity);
  typed->workload = add_workload_options(*command);
  CLI::Option* values =
      command
          ->add_option("--values", typed->names.values,
                       "seed=N: draw values for workloads of shapes, in shares typical of 4-bit training;\n"
                       "the array is simulated, and its sums compared with the emulator")
          ->excludes(cycles_only);
  command
      ->add_option("--replay-limit", typed->replay_limit,
                   "MACs that --values may simulate per workload (default: 100000000000)")
      ->needs(values)
      ->check(whole_number(1, UINT64_MAX));
  command
      ->add_option("--out", typed->out,
                   "folder for NAME.json and NAME.csv (default: simulation, beside the trace or here)")
      ->check(not_empty());
  command
      ->add_option("--timeline", typed->timeline,
                   "file for what array, waits, quantizers and memory do, as Chrome trace events")
      ->check(not_empty());
  CLI::Option* vcd =
      command
          ->add_option("--vcd", typed->vcd,
                       "file for the registers of the PEs while one tile of a trace is computed,\n  as a "
                       "waveform (VCD): about 40 bytes per PE and cycle")
          ->check(not_empty());
  command
      ->add_option("--vcd-gemm", typed->tile.gemm,
                   "whose tile, as 0/train/conv2/forward: step, pass, layer, phase (default: the first)")
      ->check(not_empty())
      ->needs(vcd);
  command->add_option("--vcd-tile", typed->tile.tile, "which of its tiles, from 0 on (default: 0)")
      ->check(whole_number(0, std::numeric_limits<std::uint32_t>::max()))
      ->needs(vcd);
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return simulate_typed(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
