#include "sim/sweep/study.hpp"

#include "traces/base/names.hpp"

#include <nlohmann/json.hpp>

namespace quatrain::sim {
namespace {

using base::JsonNode;

constexpr double largest = 1e15;
constexpr std::int64_t most_values = 10'000, most_designs = 10'000'000;

std::map<std::string, std::vector<std::int64_t>> read_shapes(const JsonNode& node) {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& [name, sizes] : node.members(1000))
    for (const JsonNode& size : sizes.items(1, 16)) shapes[name].push_back(size.integer(1, INT32_MAX));
  return shapes;
}

std::vector<StudyWorkload> read_workloads(const JsonNode& node) {
  std::vector<StudyWorkload> workloads;
  for (const JsonNode& item : node.items(1, 100)) {
    StudyWorkload workload;
    workload.argument = item.at("workload").string(1, 1000);
    if (item.has("phases"))
      workload.options.phases = static_cast<Phases>(item.at("phases").one_of(phases_words));
    if (item.has("batch")) workload.options.batch = item.at("batch").integer(1, 65'536);
    if (item.has("shapes")) workload.options.shapes = read_shapes(item.at("shapes"));
    if (item.has("weight")) workload.weight = item.at("weight").number(0, largest);
    item.reject_unread_keys();
    workloads.push_back(std::move(workload));
  }
  return workloads;
}

/// The values are taken from `json`, the same text: JsonNode does not write.
std::vector<DesignAxis> read_axes(const JsonNode& node, const nlohmann::ordered_json& json) {
  std::vector<DesignAxis> axes;
  for (const auto& [key, values] : node.members(100)) {
    const std::size_t count = values.items(1, most_values).size();
    DesignAxis axis{key};
    for (std::size_t i = 0; i < count; ++i) {
      axis.values.push_back(json.at(key).at(i).dump());
      for (std::size_t j = 0; j < i; ++j)
        if (axis.values[j] == axis.values[i])
          throw values.error("has {} twice; expected different values", base::printable(axis.values[i]));
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

void read_search(const JsonNode& node, Study& study) {
  study.search = static_cast<Search>(node.at("kind").one_of(search_kind_words));
  if (study.search != Search::grid) {
    study.designs = static_cast<std::uint64_t>(node.at("designs").integer(1, most_designs));
    if (node.has("seed")) study.seed = static_cast<std::uint64_t>(node.at("seed").integer(0, UINT32_MAX));
  }
  if (study.search == Search::narrowing) {
    study.rounds = static_cast<unsigned>(node.at("rounds").integer(1, 1000));
    study.keep = static_cast<unsigned>(node.at("keep").integer(1, 1000));
  }
  node.reject_unread_keys();
}

std::optional<double> read_limit(const JsonNode& node, std::string_view key) {
  return node.has(key) ? std::optional(node.at(key).number(0, largest)) : std::nullopt;
}

void read_constraints(const JsonNode& node, Study& study) {
  study.most_buffer_kib = read_limit(node, "buffer_kib");
  study.most_watts = read_limit(node, "watts");
  study.most_milliseconds = read_limit(node, "milliseconds");
  study.most_area_mm2 = read_limit(node, "area_mm2");
  node.reject_unread_keys();
}

}  // namespace

Study read_study(std::string_view text, const std::string& file) {
  const JsonNode root = JsonNode::parse(text, file);
  Study study;
  study.name = base::read_file_name(root.at("name"));
  study.design = root.at("design").string(1, 1000);
  study.workloads = read_workloads(root.at("workloads"));
  const JsonNode vary = root.at("vary");
  vary.members();  // an object
  study.axes = read_axes(vary, nlohmann::ordered_json::parse(text).at("vary"));
  if (study.axes.empty())
    throw vary.error("is empty; expected keys of the design, each with a list of values");
  if (root.has("search")) read_search(root.at("search"), study);
  if (root.has("constraints")) read_constraints(root.at("constraints"), study);
  if (root.has("objective"))
    study.objective = static_cast<Objective>(root.at("objective").one_of(objective_words));
  if (root.has("layers")) study.layers = root.at("layers").boolean();
  root.read_schema_key();
  root.reject_unread_keys();
  const std::uint64_t all = point_count(study.axes);
  if (study.search == Search::grid && all > static_cast<std::uint64_t>(most_designs))
    throw vary.error("gives {} designs; expected at most {}, or another search than grid", all, most_designs);
  return study;
}

}  // namespace quatrain::sim
