/// quatrain step: a whole training step of a network on one or several accelerators.
#include "emu/nn/training_config.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/sim_inputs.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/embedded/resources.hpp"
#include "sim/records/outputs.hpp"
#include "sim/records/trace_events.hpp"
#include "sim/report/html.hpp"
#include "sim/report/step_section.hpp"
#include "sim/step/step_file.hpp"
#include "sim/step/step_table.hpp"
#include "sim/step/timeline.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* step_examples = R"(
DESIGN is an accelerator config inside the program (luq_32x32, bf16_32x32) or a file. NETWORK is a training config:
its shapes count, nothing is trained.

A step is everything between two batches: the three products of every layer, the quantizers before them, what an
fp32 vector unit does (biases, normalization, activations, pooling, the loss, products of layers that stay fp32) and
the optimizer. Operations follow each other; each takes as long as its busiest resource.

docs/guides/step.md says what is counted for each kind of layer.

Examples:
  quatrain step luq_32x32 --network resnet20
      time, bytes and energy by resource
  quatrain step luq_32x32 bf16_32x32 --network resnet20 --batch 32
      two designs; the second over the first
  quatrain step luq_32x32 --network demo_cnn --timeline step.json
      and the step as a timeline for https://ui.perfetto.dev
  quatrain step luq_32x32 --network demo_cnn --out study
      study/luq_32x32-demo_cnn.step.json and .csv: every operation; study/demo_cnn.step.html: a picture)";

struct TypedStep {
  std::vector<std::string> designs;
  std::string network, out, timeline;
  std::optional<std::int64_t> batch;
};

std::vector<Output> outputs_of(const TypedStep& typed, const std::vector<TrainingStep>& steps) {
  std::vector<Output> outputs;
  if (!typed.out.empty())
    for (const TrainingStep& step : steps) {
      const std::string stem =
          (std::filesystem::path(typed.out) / fmt::format("{}-{}.step", step.config.name, step.model))
              .string();
      outputs.push_back({stem + ".json", json_mark(step_format)});
      outputs.push_back({stem + ".csv", std::string(step_csv_mark)});
    }
  if (!typed.out.empty())
    outputs.push_back({std::filesystem::path(typed.out) / (steps.front().model + ".step.html"),
                       std::string(report::page_mark)});
  if (!typed.timeline.empty()) outputs.push_back({typed.timeline, std::string(trace_events_mark)});
  return outputs;
}

/// All steps on one page, with one axis.
std::string page_of(const std::vector<TrainingStep>& steps) {
  std::vector<report::ShownStep> shown;
  for (const TrainingStep& step : steps) shown.push_back({step.config.name, step});
  report::Page page{
      .title = fmt::format("Quatrain: a training step of {}", steps.front().model),
      .subtitle = fmt::format("batch {}; made by {}", steps.front().batch, steps.front().provenance.command),
      .figures = {},
      .sections = {report::step_section(shown)}};
  return report::render_html(page, embedded_resource("chart.js").value_or(""));
}

std::vector<std::string> texts_of(const TypedStep& typed, const std::vector<TrainingStep>& steps) {
  std::vector<std::string> texts;
  if (!typed.out.empty())
    for (const TrainingStep& step : steps) {
      texts.push_back(step_json(step));
      texts.push_back(step_csv(step));
    }
  if (!typed.out.empty()) texts.push_back(page_of(steps));
  if (!typed.timeline.empty()) texts.push_back(timeline(steps));
  return texts;
}

void make_folder(const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw base::Error("{}: cannot be made: {}", folder, failed.message());
}

int step_typed(const TypedStep& typed, const Provenance& provenance) {
  const emu::TrainingConfig network =
      emu::read_training_config(open_config(typed.network, ConfigKind::training));
  std::vector<TrainingStep> steps;
  for (const std::string& name : typed.designs) {
    const DesignInput design = open_design(name);
    steps.push_back(
        training_step(design.config, design.technologies, network, typed.batch.value_or(network.batch)));
    steps.back().provenance = provenance;
    steps.back().provenance.inputs = design.inputs;
    steps.back().provenance.inputs.push_back(
        {typed.network, config_sha256(typed.network, ConfigKind::training)});
  }
  const std::vector<Output> outputs = outputs_of(typed, steps);
  require_free(outputs);
  if (!typed.out.empty()) make_folder(typed.out);
  if (!outputs.empty())
    warn_unless_flushed(write_outputs(outputs, texts_of(typed, steps)), outputs.front().file);
  for (const TrainingStep& step : steps) fmt::print("{}\n", step_table(step));
  fmt::print("{}", step_comparison(steps));
  for (const Output& output : outputs) fmt::print("{}\n", output.file.string());
  return 0;
}

}  // namespace

void add_step_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("step", "Time and energy of a whole training step on accelerators");
  command->footer(step_examples);
  const auto typed = std::make_shared<TypedStep>();
  command->add_option("DESIGN", typed->designs, "accelerator configs: names or files")->required();
  command->add_option("--network", typed->network, "training config: name or file")->required();
  command->add_option("--batch", typed->batch, "samples of the step (default: the network's batch)")
      ->check(CLI::Range(std::int64_t{1}, emu::most_batch));
  command
      ->add_option(
          "--out", typed->out,
          "folder for DESIGN-NETWORK.step.json and .csv, and\nNETWORK.step.html: the steps as a picture")
      ->check(not_empty());
  command->add_option("--timeline", typed->timeline, "file for the step as Chrome trace events")
      ->check(not_empty());
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return step_typed(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
