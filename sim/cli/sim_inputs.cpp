#include "sim/cli/sim_inputs.hpp"

#include "sim/accelerator/simulate.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/sweep/design_axes.hpp"
#include "sim/workload/open_workload.hpp"
#include "traces/base/joined.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
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

/// An earlier result keeps its configuration; keys are those of the configuration.
DesignInput open_with(const std::string& argument, const std::vector<Override>& overrides) try {
  const base::JsonNode file = open_config(argument, ConfigKind::accelerator);
  const fs::path folder = folder_of(file);
  AcceleratorConfig config = read_accelerator(config_in(file));
  const std::string name = config.name;
  if (!overrides.empty()) {
    const std::string text = with_overrides(to_json_object(config).dump(), file.file(), overrides);
    config = read_accelerator(base::JsonNode::parse(text, file.file()));
    if (config.name == name) config.name = name_with(name, overrides);
  }
  DesignInput design{.overrides = overrides, .config = std::move(config), .technologies = {}, .inputs = {}};
  make_tables_absolute(folder, design.config);
  design.technologies = read_technologies(design.config, folder);
  design.inputs = inputs_of(argument, design, folder);
  return design;
} catch (base::Error& error) {
  if (!overrides.empty()) error.add_context("{}", context_of(overrides));
  throw;
}

/// NAME-2 and so on for designs that another one before them is called like.
std::string name_apart(const std::string& name, const std::vector<DesignInput>& others) {
  const auto is_taken = [&](const std::string& one) {
    return std::ranges::any_of(others, [&](const DesignInput& other) { return other.config.name == one; });
  };
  std::string apart = name;
  for (int number = 2; is_taken(apart); ++number) apart = fmt::format("{}-{}", name, number);
  return apart;
}

void add_designs(const std::string& argument, const std::vector<DesignAxis>& axes, SimInputs& inputs) {
  for (std::uint64_t point = 0; point < point_count(axes); ++point) {
    DesignInput design = open_with(argument, overrides_at(axes, point));
    design.config.name = name_apart(design.config.name, inputs.designs);
    inputs.designs.push_back(std::move(design));
  }
}

bool is_embedded_design(const std::string& name) {
  const std::vector<std::string_view> names = embedded_configs(ConfigKind::accelerator);
  return std::ranges::find(names, name) != names.end();
}

void require_shapes(const std::string& trace, const WorkloadOptions& options) {
  if (options.phases || options.batch || !options.shapes.empty())
    throw base::Error(
        "--{}: the trace {} has phases and batches of its own; expected a workload without values",
        options.phases  ? "phases"
        : options.batch ? "batch"
                        : "shape",
        trace);
}

std::optional<std::uint32_t> seed_in(const std::string& values) {
  if (values.empty()) return std::nullopt;
  constexpr std::string_view key = "seed=";
  std::uint32_t seed = 0;
  const char* const end = values.data() + values.size();
  const auto parsed = [&] { return std::from_chars(values.data() + key.size(), end, seed); };
  if (!values.starts_with(key) || parsed().ec != std::errc() || parsed().ptr != end)
    throw base::Error("--values: found '{}'; expected seed=N with N of 0 to 4294967295",
                      base::printable(values));
  return seed;
}

}  // namespace

DesignInput open_design(const std::string& argument) { return open_with(argument, {}); }

SimInputs sim_inputs(const SimNames& typed, const WorkloadOptions& options) {
  SimInputs inputs;
  std::vector<std::string> traces;
  const std::vector<DesignAxis> axes = axes_of(typed.sets);
  const std::optional<std::uint32_t> seed = seed_in(typed.values);
  for (const std::string& name : typed.names) {
    if (!is_embedded_design(name) && names_shapes(name))
      inputs.workloads.push_back({name, open_shapes(name, options)});
    else if (!is_embedded_design(name) && fs::is_directory(name))
      traces.push_back(name);
    else if (is_embedded_design(name) || fs::exists(name))
      add_designs(name, axes, inputs);
    else
      throw base::Error(
          "{}: no such file; expected a file, one of the accelerator configs inside the program: {}, or one "
          "of "
          "the workloads inside it: {}",
          name, base::joined(embedded_configs(ConfigKind::accelerator)), base::joined(embedded_workloads()));
  }
  for (WorkloadInput& workload : inputs.workloads) workload.shapes->source.seed = seed;
  traces.insert(traces.end(), typed.traces.begin(), typed.traces.end());
  for (const std::string& directory : traces) {
    require_shapes(directory, options);
    if (seed)
      throw base::Error("--values: the trace {} has its own; expected a workload of shapes", directory);
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
  return inputs;
}

}  // namespace quatrain::sim
