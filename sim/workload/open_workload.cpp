#include "sim/workload/open_workload.hpp"

#include "sim/embedded/config_file.hpp"
#include "sim/workload/config_workload.hpp"
#include "sim/workload/onnx_layers.hpp"
#include "sim/workload/shape_lists.hpp"
#include "traces/base/joined.hpp"
#include "traces/base/names.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_batch = 65'536;

bool is_embedded(const std::string& argument, ConfigKind kind) {
  const std::vector<std::string_view> names = embedded_configs(kind);
  return std::ranges::find(names, argument) != names.end();
}

bool is_csv(const std::string& argument) { return fs::path(argument).extension() == ".csv"; }

/// The file's name as the name of a result may have it.
std::string name_of_file(const std::string& argument) {
  std::string name = fs::path(argument).stem().string();
  for (char& c : name)
    if (!base::is_name({&c, 1})) c = '_';
  if (name.empty() || name.front() == '.') name = "workload" + name;
  return name.substr(0, 100);
}

WorkloadSource source_of(const std::string& argument, ConfigKind kind, const WorkloadOptions& options,
                         Phases phases, std::int64_t batch) {
  WorkloadSource source;
  source.name = name_of_file(argument);
  source.place = argument;
  source.sha256 = config_sha256(argument, kind);
  source.phases = options.phases.value_or(phases);
  source.batch = options.batch.value_or(batch);
  if (source.batch < 1 || source.batch > most_batch)
    throw base::Error("a batch of {}; expected 1 to {}", source.batch, most_batch);
  return source;
}

Workload open_list(const std::string& argument, const WorkloadOptions& options) {
  Workload workload{source_of(argument, ConfigKind::workload, options, Phases::forward, 1), {}};
  const ConfigText config = config_text(argument, ConfigKind::workload);
  ShapeList list = read_shape_list(read_csv(config.text, config.name), workload.source.batch);
  workload.source.kind = list.kind;
  workload.source.notes = std::move(list.notes);
  workload.gemms = gemms_of(list.layers, workload.source.phases);
  return workload;
}

Workload open_training_config(const std::string& argument, const WorkloadOptions& options) {
  const base::JsonNode root = open_config(argument, ConfigKind::training);
  const emu::TrainingConfig config = emu::read_training_config(root);
  Workload workload{source_of(argument, ConfigKind::training, options, Phases::training, config.batch), {}};
  workload.source.kind = WorkloadKind::training_config;
  workload.source.name = config.name;
  if (const std::string note = fp32_layers(config); !note.empty()) workload.source.notes.push_back(note);
  workload.gemms = gemms_of(layer_shapes(config, workload.source.batch), workload.source.phases);
  if (workload.gemms.empty())
    throw root.error("found no layer whose products take 4-bit codes; expected at least one");
  return workload;
}

bool is_onnx(const std::string& argument) { return fs::path(argument).extension() == ".onnx"; }

Workload open_onnx(const std::string& argument, const WorkloadOptions& options) {
  OnnxLayers onnx =
      onnx_layers(read_onnx_file(argument, {.shapes = options.shapes, .batch = options.batch}));
  Workload workload{source_of(argument, ConfigKind::workload, options, Phases::forward, onnx.batch), {}};
  workload.source.kind = WorkloadKind::onnx;
  workload.source.notes = std::move(onnx.notes);
  try {
    workload.gemms = gemms_of(onnx.layers, workload.source.phases);
  } catch (base::Error& error) {
    error.add_context("{}", argument);
    throw;
  }
  return workload;
}

bool is_list(const std::string& argument) {
  return is_embedded(argument, ConfigKind::workload) || is_csv(argument);
}

}  // namespace

bool is_training_config(const std::string& file) {
  if (is_embedded(file, ConfigKind::training)) return true;
  if (!fs::is_regular_file(file)) return false;
  try {
    const base::JsonNode root = base::JsonNode::read(file);
    return root.is_object() && root.has("layers");
  } catch (const base::Error&) {
    return false;  // whoever reads it as a design says what is wrong
  }
}

std::vector<std::string> embedded_workloads() {
  std::vector<std::string> names;
  for (const ConfigKind kind : {ConfigKind::workload, ConfigKind::training})
    for (const std::string_view name : embedded_configs(kind)) names.emplace_back(name);
  return names;
}

bool names_shapes(const std::string& argument) {
  return is_list(argument) || is_onnx(argument) || is_training_config(argument);
}

Workload open_shapes(const std::string& argument, const WorkloadOptions& options) {
  if (is_onnx(argument)) return open_onnx(argument, options);
  if (!options.shapes.empty())
    throw base::Error("--shape: {} is no ONNX model; expected it for inputs of one", argument);
  if (is_list(argument)) return open_list(argument, options);
  if (is_training_config(argument)) return open_training_config(argument, options);
  throw base::Error(
      "{}: no workload; expected a trace, a training config, a .csv file of shapes, an .onnx "
      "model, or one of those inside the program: {}",
      argument, base::joined(embedded_workloads()));
}

}  // namespace quatrain::sim
