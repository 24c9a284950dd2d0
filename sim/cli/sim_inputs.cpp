#include "sim/cli/sim_inputs.hpp"

#include "sim/accelerator/simulate.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/workload/open_workload.hpp"
#include "traces/base/joined.hpp"

#include <algorithm>
#include <filesystem>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;

/// The folder that the names of technology tables count from; empty for an embedded config.
fs::path folder_of(const base::JsonNode& config) { return fs::path(config.file()).parent_path(); }

/// A configuration, or the one that an earlier simulation kept in its file.
base::JsonNode config_in(const base::JsonNode& file) {
  return file.is_object() && file.has("format") ? file.at("config") : file;
}

/// The result keeps the configuration, and stands in another folder.
void make_tables_absolute(const fs::path& folder, AcceleratorConfig& config) {
  const std::vector<std::string_view> embedded = embedded_configs(ConfigKind::technology);
  for (std::string& name : config.technology)
    if (std::ranges::find(embedded, name) == embedded.end())
      name = fs::absolute(folder / name).lexically_normal().string();
}

std::vector<Input> inputs_of(const std::string& argument, const DesignInput& design, const fs::path& folder) {
  std::vector<Input> inputs = {{argument, config_sha256(argument, ConfigKind::accelerator)}};
  for (std::size_t i = 0; i < design.technologies.size(); ++i) {
    const std::string& name = design.config.technology[i];
    const fs::path file = folder / name;
    inputs.push_back({fs::exists(file) ? file.string() : name, design.technologies[i].table_sha256});
  }
  return inputs;
}

bool is_embedded_design(const std::string& name) {
  const std::vector<std::string_view> names = embedded_configs(ConfigKind::accelerator);
  return std::ranges::find(names, name) != names.end();
}

void require_shapes(const std::string& trace, const WorkloadOptions& options) {
  if (options.phases || options.batch)
    throw base::Error(
        "--{}: the trace {} has phases and batches of its own; expected a workload without values",
        options.phases ? "phases" : "batch", trace);
}

}  // namespace

DesignInput open_design(const std::string& argument) {
  const base::JsonNode file = open_config(argument, ConfigKind::accelerator);
  const fs::path folder = folder_of(file);
  DesignInput design{.config = read_accelerator(config_in(file)), .technologies = {}, .inputs = {}};
  make_tables_absolute(folder, design.config);
  design.technologies = read_technologies(design.config, folder);
  design.inputs = inputs_of(argument, design, folder);
  return design;
}

SimInputs sim_inputs(const std::vector<std::string>& names, const std::string& trace,
                     const WorkloadOptions& options) {
  SimInputs inputs;
  std::vector<std::string> traces;
  for (const std::string& name : names) {
    if (!is_embedded_design(name) && names_shapes(name))
      inputs.workloads.push_back({name, open_shapes(name, options)});
    else if (!is_embedded_design(name) && fs::is_directory(name))
      traces.push_back(name);
    else if (is_embedded_design(name) || fs::exists(name))
      inputs.designs.push_back(open_design(name));
    else
      throw base::Error(
          "{}: no such file; expected a file, one of the accelerator configs inside the program: {}, or one "
          "of "
          "the workloads inside it: {}",
          name, base::joined(embedded_configs(ConfigKind::accelerator)), base::joined(embedded_workloads()));
  }
  if (!trace.empty()) traces.push_back(trace);
  for (const std::string& directory : traces) {
    require_shapes(directory, options);
    inputs.workloads.push_back({directory, std::nullopt});
  }
  if (inputs.designs.empty())
    throw base::Error(
        "no design among what was typed; expected a file, or one of the accelerator configs inside "
        "the program: {}",
        base::joined(embedded_configs(ConfigKind::accelerator)));
  if (inputs.workloads.empty())
    throw base::Error(
        "no workload among what was typed; expected --trace DIRECTORY, a file, or one of the "
        "workloads inside the program: {}",
        base::joined(embedded_workloads()));
  if (inputs.designs.size() > 1 || inputs.workloads.size() > 1)
    throw base::Error("{} designs and {} workloads; expected one of each", inputs.designs.size(),
                      inputs.workloads.size());
  return inputs;
}

}  // namespace quatrain::sim
