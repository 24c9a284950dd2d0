#pragma once
/// A config as a user names it: a file, or the name of one that is embedded ("demo_cnn", "luq_32x32", "7nm",
/// "resnet50"). Workloads are CSV files, the others JSON.

#include "traces/base/strict_json.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// The folders of configs/.
enum class ConfigKind : unsigned char { training, accelerator, technology, workload, experiment };

/// Names of the embedded configs of a kind, sorted.
std::vector<std::string_view> embedded_configs(ConfigKind kind);

/// An embedded name goes first ("./demo_cnn" is always a file). A relative path counts from `folder`; "" is
/// the current one. Throws Error, listing the embedded names, when `argument` is neither.
base::JsonNode open_config(std::string_view argument, ConfigKind kind,
                           const std::filesystem::path& folder = {});

struct ConfigText {
  std::string text, name;  ///< `name` stands for the file in messages
};
/// The same config, unread.
ConfigText config_text(std::string_view argument, ConfigKind kind, const std::filesystem::path& folder = {});

/// SHA-256 of the same text, for the provenance of a result.
std::string config_sha256(std::string_view argument, ConfigKind kind,
                          const std::filesystem::path& folder = {});

}  // namespace quatrain::sim
