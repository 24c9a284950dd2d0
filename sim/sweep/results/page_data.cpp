#include "sim/sweep/results/page_data.hpp"

#include "sim/records/result_file.hpp"
#include "sim/sweep/results/design_configs.hpp"
#include "sim/sweep/results/objective_axes.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>

namespace quatrain::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_designs = 2000, most_layer_marks = 150'000;

double rounded(double value) { return std::strtod(fmt::format("{:.7g}", value).c_str(), nullptr); }

/// Indices into results.designs.
std::vector<std::size_t> shown_designs(const StudyResults& results) {
  std::vector<std::size_t> shown = results.ranked();
  if (shown.size() <= most_designs) return shown;
  shown.resize(most_designs);
  for (const ObjectiveAxis& x : objective_axes)
    for (const ObjectiveAxis& y : objective_axes)
      for (const std::size_t design : results.front(x.objective, y.objective))
        if (std::ranges::find(shown, design) == shown.end()) shown.push_back(design);
  return shown;
}

/// How many of the designs have their layers on the page.
std::size_t with_layers(const StudyResults& results, std::size_t designs) {
  std::size_t marks = 0;
  for (const auto& shapes : results.shapes) marks += shapes.size();
  return marks == 0 ? 0 : std::min(designs, std::max<std::size_t>(1, most_layer_marks / marks));
}

Json json_of(const ObjectiveAxis& axis) {
  return {{"word", objective_words[static_cast<std::size_t>(axis.objective)]},
          {"title", fmt::format("{}, {}", axis.title, axis.unit)}};
}

Json layers_of(const StudiedDesign& design) {
  Json all = Json::array();
  for (const std::vector<LayerFigures>& layers : design.layers) {
    Json columns = {{"milliseconds", Json::array()},
                    {"moved", Json::array()},
                    {"compulsory", Json::array()},
                    {"quantizer", Json::array()},
                    {"uj", Json::array()}};
    for (const LayerFigures& one : layers) {
      columns["milliseconds"].push_back(rounded(one.milliseconds));
      columns["moved"].push_back(rounded(one.moved_bytes));
      columns["compulsory"].push_back(rounded(one.compulsory_bytes));
      columns["quantizer"].push_back(rounded(one.quantizer_bytes));
      columns["uj"].push_back(rounded(1e-6 * one.energy_pj));
    }
    all.push_back(std::move(columns));
  }
  return all;
}

/// `config`: the one that others are differences of; the base's where there is a base.
Json json_of(const StudyResults& results, const StudiedDesign& design, const Json& config, bool has_layers) {
  const bool is_base = results.base && &design == &*results.base;
  Json json = {{"name", design.name}, {"values", design.values}};
  for (const ObjectiveAxis& axis : objective_axes)
    json[std::string(objective_words[static_cast<std::size_t>(axis.objective)])] =
        rounded(axis.scale * value_of(axis.objective, design.sums));
  json.update({{"low", rounded(1e-6 * design.energy_pj.low)},
               {"high", rounded(1e-6 * design.energy_pj.high)},
               {"watts", rounded(design.sums.watts())},
               {"buffer_kib", rounded(design.sums.buffer_kib)},
               {"technology", design.technology},
               {"peak", 1e9 * design.peak_gmacs_per_s},
               {"bytes_per_s", design.gib_per_s * 1024 * 1024 * 1024},
               {"keeps", design.keeps_constraints},
               {"set", is_base ? "" : set_words(results, design)},
               {"config", config_differences(config, whole_config(results, design))},
               {"layers", has_layers ? layers_of(design) : Json(nullptr)}});
  return json;
}

Json workload_json(const StudyResults& results, const StudyCommands& commands, std::size_t workload) {
  const StudiedWorkload& one = results.workloads[workload];
  Json json = {
      {"name", one.batch.empty() ? one.name : fmt::format("{}, {} of {}", one.name, one.phases, one.batch)},
      {"command", workload < commands.one_by_workload.size() ? commands.one_by_workload[workload] : ""},
      {"layers", Json::array()}};
  if (workload < results.shapes.size())
    for (const LayerShape& shape : results.shapes[workload])
      json["layers"].push_back({{"layer", shape.layer},
                                {"phase", shape.phase},
                                {"size", shape.size},
                                {"macs", rounded(shape.macs)}});
  return json;
}

}  // namespace

std::string page_data(const StudyResults& results, const StudyCommands& commands) {
  const std::vector<std::size_t> shown = shown_designs(results);
  Json json = {{"objective", objective_words[static_cast<std::size_t>(results.study.objective)]},
               {"axes", Json::array()},
               {"keys", results.keys},
               {"differing", results.differing_keys()},
               {"workloads", Json::array()},
               {"config", nullptr},
               {"base", nullptr},
               {"designs", Json::array()},
               {"fronts", Json::object()}};
  for (const ObjectiveAxis& axis : objective_axes) json["axes"].push_back(json_of(axis));
  for (std::size_t i = 0; i < results.workloads.size(); ++i)
    json["workloads"].push_back(workload_json(results, commands, i));
  const bool has_base = results.base && results.base->refused.empty();
  if (has_base)
    json["config"] = whole_config(results, *results.base);
  else if (!shown.empty())
    json["config"] = whole_config(results, results.designs[shown.front()]);
  if (has_base) json["base"] = json_of(results, *results.base, json["config"], true);
  const std::size_t layered = with_layers(results, shown.size());
  for (std::size_t i = 0; i < shown.size(); ++i)
    json["designs"].push_back(json_of(results, results.designs[shown[i]], json["config"], i < layered));
  for (std::size_t x = 0; x < objective_axes.size(); ++x)
    for (std::size_t y = 0; y < objective_axes.size(); ++y) {
      if (x == y) continue;
      Json places = Json::array();
      for (const std::size_t design : results.front(objective_axes[x].objective, objective_axes[y].objective))
        places.push_back(std::ranges::find(shown, design) - shown.begin());
      json["fronts"][fmt::format("{},{}", objective_words[x], objective_words[y])] = std::move(places);
    }
  return json_text(json, -1);
}

std::string layer_note(const StudyResults& results) {
  const std::size_t shown = shown_designs(results).size(), layered = with_layers(results, shown);
  if (layered == shown) return "All designs have their layers here, and in layers.csv.";
  return fmt::format("The first {} designs have their layers here, all others in layers.csv alone.", layered);
}

}  // namespace quatrain::sim
