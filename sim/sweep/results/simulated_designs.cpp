#include "sim/sweep/results/simulated_designs.hpp"

#include "sim/report/designs.hpp"
#include "sim/sweep/result_rows.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace quatrain::sim {
namespace {

/// What tells one workload from another.
std::string identity_of(const WorkloadSource& workload) {
  return fmt::format("{} {} {} {} {}", workload.sha256, workload.place, name_of(workload.phases),
                     workload.batch, values_field(workload));
}

/// A design with its results, by workload.
struct Group {
  std::string name;
  std::vector<Override> keys = {};
  std::map<std::string, const Simulation*> results = {};
};

/// Designs of one name and other keys are different ones.
std::vector<Group> groups_of(const std::vector<const Simulation*>& all) {
  std::vector<Group> groups;
  for (const Simulation* one : all) {
    std::vector<Override> keys;
    for (const auto& [key, value] : report::keys_of(one->config))
      if (key != "name") keys.push_back({key, value});
    const std::string workload = identity_of(one->workload);
    const auto found = std::ranges::find_if(groups, [&](const Group& group) {
      return group.name == one->config.name && group.keys == keys && !group.results.contains(workload);
    });
    Group& group = found == groups.end() ? groups.emplace_back(Group{one->config.name}) : *found;
    group.keys = std::move(keys);
    group.results[workload] = one;
  }
  return groups;
}

/// Only keys in which the designs differ, in the order of the first one that has them.
RowColumns columns_of(const std::vector<Group>& groups) {
  RowColumns columns;
  std::map<std::string, std::set<std::string>> values;
  for (const Group& group : groups)
    for (const Override& one : group.keys) values[one.key].insert(one.value);
  for (const Group& group : groups) {
    for (const Override& one : group.keys) {
      const bool is_everywhere = std::ranges::all_of(groups, [&](const Group& other) {
        return std::ranges::find(other.keys, one.key, &Override::key) != other.keys.end();
      });
      const bool differs = values[one.key].size() > 1 || !is_everywhere;
      if (differs && std::ranges::find(columns.keys, one.key) == columns.keys.end())
        columns.keys.push_back(one.key);
    }
    for (const auto& [workload, simulation] : group.results)
      for (const TechnologyResult& technology : simulation->technologies)
        if (std::ranges::find(columns.technologies, technology.name) == columns.technologies.end())
          columns.technologies.push_back(technology.name);
  }
  return columns;
}

}  // namespace

SimulatedDesigns simulated_designs(const report::Report& report) {
  std::vector<const Simulation*> all;
  for (const report::Design& design : report.designs) all.push_back(&design.simulation);
  for (const report::Design& design : report.others) all.push_back(&design.simulation);
  std::vector<std::string> workloads;
  for (const Simulation* one : all)
    if (std::ranges::find(workloads, identity_of(one->workload)) == workloads.end())
      workloads.push_back(identity_of(one->workload));
  std::vector<Group> groups = groups_of(all);
  SimulatedDesigns found;
  const std::size_t most =
      std::ranges::max(groups, {}, [](const Group& g) { return g.results.size(); }).results.size();
  if (most < workloads.size()) {  // those of the first design that ran most
    const auto fullest = std::ranges::find(groups, most, [](const Group& g) { return g.results.size(); });
    std::erase_if(workloads, [&](const std::string& one) { return !fullest->results.contains(one); });
  }
  std::erase_if(groups, [&](const Group& group) {
    const auto ran =
        std::ranges::count_if(workloads, [&](const auto& w) { return group.results.contains(w); });
    if (static_cast<std::size_t>(ran) == workloads.size()) return false;
    found.left_out.push_back(fmt::format("{} ran {} of {} workloads: it is left out of the comparison.",
                                         group.name, ran, workloads.size()));
    return true;
  });
  const RowColumns columns = columns_of(groups);
  std::string designs = columns.design_headings() + "\n", layers = columns.layer_headings() + "\n";
  for (const Group& group : groups)
    for (const std::string& workload : workloads) {
      const Simulation& one = *group.results.at(workload);
      const RowLabel label{group.name, group.keys};
      designs += columns.design_row(label, one) + "\n";
      for (const std::string& row : columns.layer_rows(label, one)) layers += row + "\n";
    }
  Study study;
  study.name = report.subject;
  found.results = read_results(study, report.subject, {.designs = designs, .layers = layers});
  for (std::size_t i = 0; i < groups.size(); ++i)
    found.results.designs[i].config = to_json_object(groups[i].results.begin()->second->config).dump();
  return found;
}

}  // namespace quatrain::sim
