#include "sim/report/designs.hpp"

#include "sim/report/numbers.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>

namespace quatrain::sim::report {
namespace {

using Json = nlohmann::ordered_json;

/// "array.rows" -> 32 and so on, in the order of the configuration.
void add_keys(const Json& object, const std::string& before,
              std::vector<std::pair<std::string, std::string>>& keys) {
  for (const auto& [key, value] : object.items())
    if (value.is_object())
      add_keys(value, before + key + ".", keys);
    else
      keys.emplace_back(before + key, value.dump());
}

std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::vector<std::string> words;
  for (const Json& item : value) words.push_back(value_text(item));
  return base::joined(words);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> keys_of(const AcceleratorConfig& config) {
  std::vector<std::pair<std::string, std::string>> keys;
  add_keys(to_json_object(config), "", keys);
  return keys;
}

const Part* ShownDesign::part(const Place& place) const {
  for (const Part& part : parts)
    if (part.first->layer == place.layer && part.first->phase == place.phase) return &part;
  return nullptr;
}

const TechnologyResult* ShownDesign::technology(const std::string& node) const {
  const auto& technologies = simulation().technologies;
  const auto found = std::ranges::find(technologies, node, &TechnologyResult::name);
  return found == technologies.end() ? nullptr : &*found;
}

const Bounds* ShownDesign::energy_pj(const Part& part, const std::string& node) const {
  const TechnologyResult* found = technology(node);
  if (found == nullptr) return nullptr;
  return &part.tally.energy_pj[static_cast<std::size_t>(found - simulation().technologies.data())];
}

std::vector<ShownDesign> shown_designs(const Report& report) {
  std::vector<ShownDesign> designs;
  for (const Design& design : report.designs)
    designs.push_back({&design, parts_by_phase(design.simulation.records)});
  return designs;
}

std::vector<Place> places_of(const std::vector<ShownDesign>& designs) {
  std::vector<std::string> layers;
  for (const ShownDesign& design : designs)
    for (const RecordResult& record : design.simulation().records)
      if (std::ranges::find(layers, record.layer) == layers.end()) layers.push_back(record.layer);
  std::vector<Place> places;
  for (const std::string& layer : layers)
    for (const traces::Phase phase :
         {traces::Phase::forward, traces::Phase::backward_data, traces::Phase::backward_weight}) {
      const Place place{layer, phase};
      if (std::ranges::any_of(designs, [&](const ShownDesign& d) { return d.part(place) != nullptr; }))
        places.push_back(place);
    }
  return places;
}

std::vector<std::string> nodes_of(const std::vector<ShownDesign>& designs) {
  std::vector<std::string> nodes;
  for (const ShownDesign& design : designs)
    for (const TechnologyResult& technology : design.simulation().technologies)
      if (std::ranges::find(nodes, technology.name) == nodes.end()) nodes.push_back(technology.name);
  return nodes;
}

std::string shown_figure(const Figure& figure, const AcceleratorConfig& config, const Tally& tally) {
  const auto value = figure.value(config, tally);
  if (!value) return "not simulated";
  switch (figure.quantity) {
    case Quantity::count:
    case Quantity::bytes:
      return grouped(std::get<std::uint64_t>(*value));
    case Quantity::share:
      return percent(std::get<double>(*value));
    case Quantity::milliseconds:
      return significant(std::get<double>(*value));
  }
  std::abort();
}

void append_bounds(std::vector<Cell>& row, const Bounds* energy_pj) {
  for (const Bound& bound : bounds_in_order)
    row.emplace_back(energy_pj == nullptr ? "" : microjoules(energy_pj->*bound.member));
}

Table differing_keys(const std::vector<ShownDesign>& designs) {
  Table table{.title = "Keys in which the designs differ", .columns = {{"key", Align::left}}, .rows = {}};
  std::vector<std::string> names;
  std::vector<std::map<std::string, std::string>> values;
  for (const ShownDesign& design : designs) {
    table.columns.push_back({design.label()});
    std::map<std::string, std::string>& mine = values.emplace_back();
    for (const auto& [key, value] : keys_of(design.simulation().config)) {
      mine[key] = value_text(Json::parse(value));
      if (std::ranges::find(names, key) == names.end()) names.push_back(key);
    }
  }
  for (const std::string& name : names) {
    std::vector<Cell> row = {name};
    for (std::map<std::string, std::string>& mine : values) row.emplace_back(mine[name]);
    const auto differs = [&](const Cell& cell) { return cell.text != row[1].text; };
    if (name != "name" && std::any_of(row.begin() + 1, row.end(), differs))
      table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace quatrain::sim::report
