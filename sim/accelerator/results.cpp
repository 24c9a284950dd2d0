#include "sim/accelerator/results.hpp"

#include "sim/records/result_file.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quatrain::sim {
namespace {

using Json = nlohmann::ordered_json;

Json utilization_object(const UseOfArray& use) {
  return {{"spatial", use.spatial()}, {"temporal", use.temporal()}, {"overall", use.overall()}};
}

Json record_object(const RecordResult& record, const Simulation& simulation) {
  Json energy = Json::object();
  for (std::size_t i = 0; i < simulation.technologies.size(); ++i)
    energy[simulation.technologies[i].name] = to_json_object(record.energy_pj[i]);
  return {{"step", record.step},
          {"layer", record.layer},
          {"phase", name_of(record.phase)},
          {"m", record.size.m},
          {"n", record.size.n},
          {"k", record.size.k},
          {"groups", record.size.groups},
          {"samples", record.samples},
          {"tiles", record.use.tiles},
          {"cycles", record.use.cycles},
          {"macs", record.use.macs},
          {"in_range_macs", record.in_range_macs},
          {"utilization", utilization_object(record.use)},
          {"bytes", to_json_object(record.traffic)},
          {"activity", to_json_object(record.activity)},
          {"energy_pj", energy}};
}

Json technology_object(const TechnologyResult& technology) {
  Json components = Json::array();
  for (const ComponentEnergy& line : technology.components)
    components.push_back({{"component", name_of(line.component)},
                          {"constant", line.constant},
                          {"events", line.events},
                          {"unit", line.per_event.unit},
                          {"pj_per_event", to_json_object(line.per_event.pj)},
                          {"energy_pj", to_json_object(line.energy_pj)},
                          {"kind", line.per_event.kind},
                          {"source", line.per_event.source},
                          {"node", line.per_event.node},
                          {"conditions", line.per_event.conditions}});
  return {{"energy_pj_low", technology.energy_pj.low},
          {"energy_pj_nominal", technology.energy_pj.nominal},
          {"energy_pj_high", technology.energy_pj.high},
          {"components", components}};
}

}  // namespace

Json to_json_object(const Traffic& traffic) {
  return {{"left", traffic.left_bytes},
          {"right", traffic.right_bytes},
          {"result", traffic.result_bytes},
          {"quantizer", traffic.quantizer_bytes}};
}

Json to_json_object(const std::optional<rtl_models::Activity>& activity) {
  if (!activity) return nullptr;
  return {{"macs", activity->macs},
          {"zero_operand_macs", activity->zero_operand_macs},
          {"left_toggles", activity->left_toggles},
          {"right_toggles", activity->right_toggles},
          {"accumulator_toggles", activity->accumulator_toggles}};
}

Json to_json_object(const Bounds& bounds) {
  return {{"low", bounds.low}, {"nominal", bounds.nominal}, {"high", bounds.high}};
}

Json to_json_object(const std::optional<ReplaySummary>& replay) {
  if (!replay) return nullptr;
  return {{"fidelity", name_of(replay->fidelity)},
          {"ran_on", replay->ran_on},
          {"gemms", replay->gemms},
          {"gemms_equal", replay->gemms_equal},
          {"cycles_equal", replay->cycles_equal},
          {"pe_tiles_checked", replay->pe_tiles_checked},
          {"differences", replay->differences}};
}

std::string simulation_json(const Simulation& simulation) {
  Json records = Json::array(), technologies = Json::object();
  for (const RecordResult& record : simulation.records) records.push_back(record_object(record, simulation));
  for (const TechnologyResult& technology : simulation.technologies)
    technologies[technology.name] = technology_object(technology);
  const Json json = {{"format", "quatrain-simulation"},
                     {"version", 1},
                     {"accelerator", simulation.config.name},
                     {"config", to_json_object(simulation.config)},
                     {"replayed", simulation.replay.has_value()},
                     {"trace",
                      {{"directory", simulation.trace_directory},
                       {"manifest_sha256", simulation.manifest_sha256},
                       {"model", simulation.model}}},
                     {"scope", "sum over all training records of the trace; 4-bit layers only"},
                     {"cycles", simulation.use.cycles},
                     {"milliseconds", simulation.milliseconds()},
                     {"dram_milliseconds", simulation.dram_milliseconds()},
                     {"macs", simulation.use.macs},
                     {"in_range_macs", simulation.in_range_macs},
                     {"bytes", to_json_object(simulation.traffic)},
                     {"utilization", utilization_object(simulation.use)},
                     {"activity", to_json_object(simulation.activity)},
                     {"replay", to_json_object(simulation.replay)},
                     {"records", records},
                     {"technologies", technologies},
                     {"limits", limits_of(simulation.config)}};
  return json_text(json, 1);
}

std::string simulation_csv(const Simulation& simulation) {
  std::string csv =
      "step,layer,phase,m,n,k,groups,samples,tiles,cycles,macs,in_range_macs,utilization_spatial,"
      "utilization_temporal,utilization_overall,bytes_left,bytes_right,bytes_result,bytes_quantizer,activity_"
      "macs,"
      "activity_zero_operand_macs,activity_left_toggles,activity_right_toggles,activity_accumulator_toggles";
  for (const TechnologyResult& technology : simulation.technologies)
    for (const std::string_view bound : {"low", "nominal", "high"})
      csv += fmt::format(",energy_pj_{}_{}", technology.name, bound);
  csv += "\n";
  for (const RecordResult& r : simulation.records) {
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", r.step, r.layer,
                       name_of(r.phase), r.size.m, r.size.n, r.size.k, r.size.groups, r.samples, r.use.tiles,
                       r.use.cycles, r.use.macs, r.in_range_macs, r.use.spatial(), r.use.temporal(),
                       r.use.overall(), r.traffic.left_bytes, r.traffic.right_bytes, r.traffic.result_bytes,
                       r.traffic.quantizer_bytes);
    if (const auto& a = r.activity)
      csv += fmt::format(",{},{},{},{},{}", a->macs, a->zero_operand_macs, a->left_toggles, a->right_toggles,
                         a->accumulator_toggles);
    else
      csv += ",,,,,";
    for (const Bounds& energy : r.energy_pj)
      csv += fmt::format(",{},{},{}", energy.low, energy.nominal, energy.high);
    csv += "\n";
  }
  return csv;
}

std::filesystem::path write_simulation(const Simulation& simulation, const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw traces::Error("{}: cannot be made: {}", folder.string(), failed.message());
  std::filesystem::path json = folder / (simulation.config.name + ".json"),
                        csv = folder / (simulation.config.name + ".csv");
  traces::write_whole_file(csv, simulation_csv(simulation));
  traces::write_whole_file(json, simulation_json(simulation));
  return json;
}

}  // namespace quatrain::sim
