#include "sim/embedded/config_file.hpp"

#include "sim/embedded/resources.hpp"
#include "traces/base/files.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/checksum.hpp"

#include <cstdlib>
#include <string>

namespace quatrain::sim {
namespace {

std::string_view folder_of(ConfigKind kind) {
  switch (kind) {
    case ConfigKind::training:
      return "configs/training/";
    case ConfigKind::accelerator:
      return "configs/accelerators/";
    case ConfigKind::technology:
      return "configs/technology/";
    case ConfigKind::workload:
      return "configs/workloads/";
    case ConfigKind::experiment:
      return "configs/experiments/";
  }
  std::abort();
}

std::string_view word_of(ConfigKind kind) {
  switch (kind) {
    case ConfigKind::training:
      return "training";
    case ConfigKind::accelerator:
      return "accelerator";
    case ConfigKind::technology:
      return "technology";
    case ConfigKind::workload:
      return "workload";
    case ConfigKind::experiment:
      return "experiment";
  }
  std::abort();
}

std::string_view extension_of(ConfigKind kind) { return kind == ConfigKind::workload ? ".csv" : ".json"; }

std::string embedded_path(std::string_view argument, ConfigKind kind) {
  return fmt::format("{}{}{}", folder_of(kind), argument, extension_of(kind));
}

}  // namespace

std::vector<std::string_view> embedded_configs(ConfigKind kind) {
  std::vector<std::string_view> names;
  const std::string_view extension = extension_of(kind);
  for (std::string_view path : embedded_paths()) {
    if (!path.starts_with(folder_of(kind)) || !path.ends_with(extension)) continue;
    path.remove_prefix(folder_of(kind).size());
    path.remove_suffix(extension.size());
    names.push_back(path);
  }
  return names;
}

ConfigText config_text(std::string_view argument, ConfigKind kind, const std::filesystem::path& folder) {
  const std::string embedded = embedded_path(argument, kind);
  if (const auto text = embedded_resource(embedded)) return {std::string(*text), embedded};
  const std::filesystem::path file = folder / argument;
  if (std::filesystem::exists(file))
    return {base::read_whole_file(file, base::JsonLimits{}.bytes), file.string()};
  throw base::Error("{}: no such file; expected a file, or one of the {} configs inside the program: {}",
                    file.string(), word_of(kind), base::joined(embedded_configs(kind)));
}

base::JsonNode open_config(std::string_view argument, ConfigKind kind, const std::filesystem::path& folder) {
  const auto [text, name] = config_text(argument, kind, folder);
  return base::JsonNode::parse(text, name);
}

std::string config_sha256(std::string_view argument, ConfigKind kind, const std::filesystem::path& folder) {
  if (const auto text = embedded_resource(embedded_path(argument, kind))) return traces::sha256_hex(*text);
  return traces::sha256_of_file(folder / argument);
}

}  // namespace quatrain::sim
