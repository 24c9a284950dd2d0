#include "sim/accelerator/figures.hpp"

#include "sim/records/result_file.hpp"

#include <algorithm>

namespace quatrain::sim {
namespace {

using traces::JsonNode;

Bounds read_bounds(const JsonNode& node) {
  return {number_at(node, "low"), number_at(node, "nominal"), number_at(node, "high")};
}

Traffic read_traffic(const JsonNode& node) {
  return {count_at(node, "left"), count_at(node, "right"), count_at(node, "result"),
          count_at(node, "quantizer")};
}

rtl_models::Activity read_activity(const JsonNode& node) {
  return {count_at(node, "macs"), count_at(node, "zero_operand_macs"), count_at(node, "left_toggles"),
          count_at(node, "right_toggles"), count_at(node, "accumulator_toggles")};
}

ReplaySummary read_replay(const JsonNode& node) {
  ReplaySummary replay;
  replay.fidelity = static_cast<rtl_models::Fidelity>(node.at("fidelity").one_of(fidelity_words));
  replay.ran_on = node.at("ran_on").string();
  replay.gemms = count_at(node, "gemms");
  replay.gemms_equal = count_at(node, "gemms_equal");
  replay.cycles_equal = node.at("cycles_equal").boolean();
  replay.pe_tiles_checked = count_at(node, "pe_tiles_checked");
  for (const JsonNode& line : node.at("differences").items()) replay.differences.push_back(line.string());
  return replay;
}

ComponentEnergy read_component(const JsonNode& node) {
  return {.component = static_cast<Component>(node.at("component").one_of(component_words)),
          .constant = node.at("constant").string(),
          .events = count_at(node, "events"),
          .per_event = {.pj = read_bounds(node.at("pj_per_event")),
                        .unit = node.at("unit").string(),
                        .kind = std::string(kind_words[node.at("kind").one_of(kind_words)]),
                        .source = node.at("source").string(),
                        .node = node.at("node").string(),
                        .conditions = node.at("conditions").string()},
          .energy_pj = read_bounds(node.at("energy_pj"))};
}

TechnologyResult read_technology(const std::string& name, const JsonNode& node) {
  TechnologyResult technology;
  technology.name = name;
  technology.energy_pj = {number_at(node, "energy_pj_low"), number_at(node, "energy_pj_nominal"),
                          number_at(node, "energy_pj_high")};
  for (const JsonNode& item : node.at("components").items())
    technology.components.push_back(read_component(item));
  return technology;
}

/// Adds a record to the part of its layer and phase.
void add_record(const JsonNode& record, std::vector<PartFigures>& parts) {
  const std::string layer = record.at("layer").string();
  const auto phase = static_cast<traces::Phase>(record.at("phase").one_of(traces::phase_words));
  auto part = std::ranges::find_if(
      parts, [&](const PartFigures& other) { return other.layer == layer && other.phase == phase; });
  if (part == parts.end()) part = parts.insert(part, {.layer = layer, .phase = phase, .energy_pj = {}});
  part->cycles += count_at(record, "cycles");
  part->macs += count_at(record, "macs");
  part->in_range_macs += count_at(record, "in_range_macs");
  part->bytes += read_traffic(record.at("bytes")).total_bytes();
  for (const auto& [technology, energy] : record.at("energy_pj").members()) {
    auto sum = std::ranges::find(part->energy_pj, technology, &std::pair<std::string, Bounds>::first);
    if (sum == part->energy_pj.end()) sum = part->energy_pj.insert(sum, {technology, {}});
    sum->second += read_bounds(energy);
  }
}

}  // namespace

double SimulationFigures::in_range_utilization() const {
  UseOfArray use;
  use.pes = config.array.rows * config.array.columns;
  use.cycles = cycles;
  return use.overall_of(in_range_macs);
}

SimulationFigures read_simulation(const std::filesystem::path& file, const std::string& manifest_sha256) {
  const JsonNode root = open_result_file(file, "quatrain-simulation");
  require_same_trace(root.at("trace"), manifest_sha256);
  SimulationFigures figures;
  figures.config = read_accelerator(root.at("config"));
  figures.scope = root.at("scope").string();
  figures.cycles = count_at(root, "cycles");
  figures.macs = count_at(root, "macs");
  figures.in_range_macs = count_at(root, "in_range_macs");
  figures.milliseconds = number_at(root, "milliseconds");
  figures.dram_milliseconds = number_at(root, "dram_milliseconds");
  figures.traffic = read_traffic(root.at("bytes"));
  const JsonNode utilization = root.at("utilization");
  figures.spatial_utilization = number_at(utilization, "spatial");
  figures.temporal_utilization = number_at(utilization, "temporal");
  figures.overall_utilization = number_at(utilization, "overall");
  if (const JsonNode node = root.at("activity"); !node.is_null()) figures.activity = read_activity(node);
  if (const JsonNode node = root.at("replay"); !node.is_null()) figures.replay = read_replay(node);
  for (const JsonNode& record : root.at("records").items()) add_record(record, figures.parts);
  const JsonNode technologies = root.at("technologies");
  for (const auto& [name, node] : technologies.members())
    figures.technologies.push_back(read_technology(name, node));
  if (figures.technologies.empty()) throw technologies.error("is empty; expected at least one technology");
  for (const JsonNode& limit : root.at("limits").items()) figures.limits.push_back(limit.string());
  return figures;
}

}  // namespace quatrain::sim
