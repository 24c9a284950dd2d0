#include "sim/sweep/results/design_configs.hpp"

#include "sim/accelerator/config.hpp"
#include "sim/embedded/overrides.hpp"
#include "sim/sweep/results/study_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quatrain::sim {
namespace {

using Json = nlohmann::ordered_json;

void add_differences(const Json& from, const Json& to, const Json& path, Json& differences) {
  const auto below = [&](const std::string& key) {
    Json longer = path;
    longer.push_back(key);
    return longer;
  };
  for (const auto& [key, value] : from.items())
    if (!to.contains(key)) differences.push_back(Json::array({below(key)}));
  for (const auto& [key, value] : to.items()) {
    if (from.contains(key) && from[key] == value) continue;
    if (from.contains(key) && from[key].is_object() && value.is_object())
      add_differences(from[key], value, below(key), differences);
    else
      differences.push_back(Json::array({below(key), value}));
  }
}

}  // namespace

Json whole_config(const StudyResults& results, const StudiedDesign& design) {
  if (!design.config.empty()) return Json::parse(design.config);
  if (results.base_config.empty()) return nullptr;
  std::vector<Override> overrides;
  if (!results.base || &design != &*results.base)
    for (std::size_t key = 0; key < results.keys.size(); ++key)
      if (!design.values[key].empty())
        overrides.push_back(parse_override(results.keys[key] + "=" + design.values[key]));
  const std::string name = fmt::format("{}: /config", results_json_name);
  const std::string text = with_overrides(results.base_config, name, overrides);
  Json config = to_json_object(read_accelerator(base::JsonNode::parse(text, name)));
  config["name"] = design.name;
  return config;
}

Json config_differences(const Json& from, const Json& to) {
  Json differences = Json::array();
  add_differences(from, to, Json::array(), differences);
  return differences;
}

}  // namespace quatrain::sim
