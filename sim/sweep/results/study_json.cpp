#include "sim/sweep/results/study_json.hpp"

#include "sim/accelerator/events.hpp"
#include "sim/records/result_file.hpp"
#include "sim/sweep/results/objective_axes.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <set>
#include <utility>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string_view word_of(Objective objective) { return objective_words[static_cast<std::size_t>(objective)]; }

Json json_of(const StudyResults& results, const StudiedDesign& design) {
  Json json = {{"design", design.name}, {"keys", Json::object()}, {"refused", text_or_null(design.refused)}};
  for (std::size_t key = 0; key < results.keys.size(); ++key)
    json["keys"][results.keys[key]] = design.values[key];
  if (!design.refused.empty()) return json;
  json.update(
      {{"technology", design.technology},
       {"milliseconds", design.sums.milliseconds},
       {"energy_pj",
        {{"low", design.energy_pj.low}, {"nominal", design.sums.energy_pj}, {"high", design.energy_pj.high}}},
       {"components_pj", Json::object()},
       {"area_mm2", design.sums.area_mm2},
       {"watts", design.sums.watts()},
       {"buffer_kib", design.sums.buffer_kib},
       {"keeps_constraints", design.keeps_constraints}});
  for (std::size_t i = 0; i < component_words.size(); ++i)
    json["components_pj"][std::string(component_words[i])] = design.component_pj[i];
  return json;
}

/// The fronts of two objectives that a design is on: "time,energy".
std::map<std::size_t, std::vector<std::string>> fronts_of(const StudyResults& results) {
  std::map<std::size_t, std::vector<std::string>> fronts;
  for (std::size_t x = 0; x < objective_axes.size(); ++x)
    for (std::size_t y = x + 1; y < objective_axes.size(); ++y)
      for (const std::size_t design : results.front(objective_axes[x].objective, objective_axes[y].objective))
        fronts[design].push_back(
            fmt::format("{},{}", word_of(objective_axes[x].objective), word_of(objective_axes[y].objective)));
  return fronts;
}

std::string read_table(const fs::path& file) {
  if (!fs::exists(file))
    throw base::Error("{}: is missing; expected the tables that `quatrain sweep` writes beside {}",
                      file.string(), results_json_name);
  return base::read_whole_file(file);
}

}  // namespace

std::string study_json(const StudyResults& results, const StudyOrigin& origin) {
  Json json = {{"format", study_results_format},
               {"version", 1},
               {"study", Json::parse(origin.text)},
               {"file", origin.file},
               {"design", origin.design},
               {"config", Json::parse(origin.config)},
               {"directory", origin.directory.string()},
               {"objective", word_of(results.study.objective)},
               {"workloads", Json::array()},
               {"best", nullptr},
               {"base", nullptr},
               {"designs", Json::array()}};
  for (const StudiedWorkload& one : results.workloads)
    json["workloads"].push_back({{"workload", one.name},
                                 {"file", one.file},
                                 {"phases", one.phases},
                                 {"batch", std::stoll(one.batch)},
                                 {"weight", one.weight}});
  if (const auto best = results.best()) {
    json["best"] = {{"design", results.designs[*best].name}, {"objective_by_base", nullptr}};
    if (const auto times = results.times_base(*best)) json["best"]["objective_by_base"] = *times;
  }
  if (results.base) json["base"] = json_of(results, *results.base);
  std::map<std::size_t, std::vector<std::string>> fronts = fronts_of(results);
  for (std::size_t i = 0; i < results.designs.size(); ++i) {
    json["designs"].push_back(json_of(results, results.designs[i]));
    json["designs"].back()["fronts"] = fronts[i];
  }
  return json_text(json, 1);
}

StudyOrigin read_origin(const fs::path& folder) {
  const base::JsonNode root = open_result_file(folder / results_json_name, study_results_format);
  for (const char* object : {"study", "config"}) root.at(object).members();
  // The same texts again, of which the node does not give a part.
  const Json all = Json::parse(base::read_whole_file(folder / results_json_name));
  return {.text = all.at("study").dump(2),
          .file = root.at("file").string(),
          .design = root.at("design").string(),
          .directory = root.at("directory").string(),
          .config = all.at("config").dump()};
}

StudyResults read_results_in(const fs::path& folder, const StudyOrigin& origin) {
  const Study study =
      read_study(origin.text, fmt::format("{}: /study", (folder / results_json_name).string()));
  StudyTables tables{.designs = read_table(folder / designs_csv_name)};
  if (study.layers) tables.layers = read_table(folder / layers_csv_name);
  tables.base = read_table(folder / base_csv_name);
  if (study.layers) tables.base_layers = read_table(folder / base_layers_csv_name);
  StudyResults results = read_results(study, folder.string(), tables);
  results.base_config = origin.config;
  return results;
}

}  // namespace quatrain::sim
