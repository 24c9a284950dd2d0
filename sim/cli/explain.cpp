/// quatrain explain: what bounds a design on a workload, and which key of its config would help most.
#include "sim/cli/command.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/cli/workload_options.hpp"
#include "sim/explain/explanation.hpp"
#include "sim/records/provenance.hpp"
#include "sim/workload/open_workload.hpp"
#include "sim/workload/trace_workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* explain_examples = R"(
DESIGN is an accelerator config inside the program (luq_32x32, bf16_32x32) or a file. WORKLOAD is what `quatrain sim`
takes: a trace, a training config, a list of shapes, or an ONNX model.

For each layer and phase the time is parted into causes: computing, ragged edges (tiles smaller than the array), fill
and drain, loads, stores, quantizers. Then every key that can be changed by itself is changed, one at a time: sizes
become twice and half as large, words become each other word. What a change costs in area or energy is not weighed.

Examples:
  quatrain explain luq_32x32 resnet20
      what bounds each layer, and what would help the whole network
  quatrain explain luq_32x32 resnet20 --layer block1.1.conv1 --phases forward
      the same for one layer
  quatrain explain luq_32x32 resnet20 --set array.drain=shadow
      with a key changed first)";

struct TypedExplain {
  std::string design, workload, layer;
  std::vector<std::string> overrides;
  std::shared_ptr<const TypedWorkloadOptions> workload_options;
};

DesignText design_text(const TypedExplain& typed) {
  const ConfigText config = config_text(typed.design, ConfigKind::accelerator);
  return {with_overrides(config.text, config.name, parse_overrides(typed.overrides)), config.name,
          std::filesystem::path(config.name).parent_path()};
}

/// The command that shows a change.
std::string sim_command(const TypedExplain& typed) {
  std::vector<std::string> words = {"quatrain", "sim", typed.design, typed.workload};
  const TypedWorkloadOptions& options = *typed.workload_options;
  if (options.batch > 0) words.insert(words.end(), {"--batch", fmt::to_string(options.batch)});
  if (!options.phases.empty()) words.insert(words.end(), {"--phases", options.phases});
  for (const std::string& shape : options.shapes) words.insert(words.end(), {"--shape", shape});
  for (const std::string& override : typed.overrides) words.insert(words.end(), {"--set", override});
  return shell_line(words);
}

int explain_typed(const TypedExplain& typed) {
  const DesignText design = design_text(typed);
  const auto explained = [&](const Workload& workload) {
    const Explanation explanation = explain(design, workload, typed.layer);
    std::string name = workload.source.name;
    if (!typed.layer.empty()) name += fmt::format(", layer {}", typed.layer);
    fmt::print("{}", text_of(explanation, name, sim_command(typed)));
    return 0;
  };
  if (names_shapes(typed.workload))
    return explained(open_shapes(typed.workload, typed.workload_options->options()));
  if (const std::string option = typed.workload_options->first(); !option.empty())
    throw base::Error("{}: {} is for workloads without values", typed.workload, option);
  const traces::TraceReader reader(typed.workload);
  return explained(trace_workload(reader));
}

}  // namespace

void add_explain_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("explain", "What bounds a design on a workload, and which key would help most");
  command->footer(explain_examples);
  const auto typed = std::make_shared<TypedExplain>();
  command->add_option("DESIGN", typed->design, "accelerator config: name or file")->required();
  command->add_option("WORKLOAD", typed->workload, "trace, training config, list of shapes or ONNX model")
      ->required();
  command->add_option("--layer", typed->layer, "only this layer")->check(not_empty());
  command->add_option("--set", typed->overrides, "KEY=VALUE: a key of the design replaced first");
  typed->workload_options = add_workload_options(*command);
  command->callback(
      [typed, &action] { action = [typed](const Provenance&) { return explain_typed(*typed); }; });
}

}  // namespace quatrain::sim
