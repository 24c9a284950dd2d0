#include "sim/accelerator/simulation_file.hpp"

#include "sim/accelerator/checked.hpp"
#include "sim/records/result_file.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace quatrain::sim {
namespace {

using base::JsonNode;
using Json = nlohmann::ordered_json;

constexpr std::string_view format_word = "quatrain-simulation";
constexpr std::string_view csv_keys = "step,layer,phase,m,n,k,groups,samples";  // of every version

// Each part of the file: how it is written, then how it is read.

Json size_object(const RecordResult& record) {
  return {{"step", record.step},          {"layer", record.layer},    {"phase", name_of(record.phase)},
          {"m", record.size.m},           {"n", record.size.n},       {"k", record.size.k},
          {"groups", record.size.groups}, {"samples", record.samples}};
}

/// The key is left out for one occurrence: the only number that a trace has.
std::uint64_t read_count(const JsonNode& node) {
  return node.has("count") ? static_cast<std::uint64_t>(
                                 node.at("count").integer(1, std::numeric_limits<std::int64_t>::max()))
                           : 1;
}

Json workload_object(const WorkloadSource& workload) {
  Json json = {{"kind", name_of(workload.kind)},
               {"name", workload.name},
               {"file", workload.place},
               {"sha256", workload.sha256},
               {"phases", name_of(workload.phases)},
               {"batch", workload.batch},
               {"notes", workload.notes}};
  if (workload.seed) json["values"] = {{"seed", *workload.seed}, {"what", values_text(*workload.seed)}};
  return json;
}

Json trace_object(const WorkloadSource& workload) {
  return {{"directory", workload.place}, {"manifest_sha256", workload.sha256}, {"model", workload.name}};
}

WorkloadSource read_workload(const JsonNode& node) {
  WorkloadSource workload;
  workload.kind = static_cast<WorkloadKind>(node.at("kind").one_of(workload_kind_words));
  workload.name = node.at("name").string();
  workload.place = node.at("file").string();
  workload.sha256 = node.at("sha256").string();
  workload.phases = static_cast<Phases>(node.at("phases").one_of(phases_words));
  workload.batch = node.at("batch").integer(1, std::numeric_limits<std::int64_t>::max());
  for (const JsonNode& note : node.at("notes").items()) workload.notes.push_back(note.string());
  if (node.has("values"))
    workload.seed = static_cast<std::uint32_t>(node.at("values").at("seed").integer(0, UINT32_MAX));
  return workload;
}

/// A file has one of the two keys. `manifest_sha256`: of the trace that it has to be of, "" for any.
WorkloadSource read_source(const JsonNode& root, const std::string& manifest_sha256) {
  if (manifest_sha256.empty() && root.has("workload")) return read_workload(root.at("workload"));
  const JsonNode trace = root.at("trace");
  require_same_trace(trace, manifest_sha256);
  WorkloadSource workload;
  workload.place = trace.at("directory").string();
  workload.sha256 = trace.at("manifest_sha256").string();
  workload.name = trace.at("model").string();
  return workload;
}

RecordResult read_size(const JsonNode& node) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(), most_32 = UINT32_MAX;
  RecordResult record;
  record.step = static_cast<std::uint32_t>(node.at("step").integer(0, most_32));
  record.layer = node.at("layer").string();
  record.phase = node.at("phase").one_of<traces::Phase>();
  record.size.m = node.at("m").integer(1, most);
  record.size.n = node.at("n").integer(1, most);
  record.size.k = node.at("k").integer(1, most);
  record.size.groups = node.at("groups").integer(1, most);
  record.samples = static_cast<unsigned>(node.at("samples").integer(1, most_32));
  return record;
}

Blocks read_blocks(const JsonNode& node) {
  return {static_cast<LoopOrder>(node.at("order").one_of(loop_order_words)), count_at(node, "m"),
          count_at(node, "n"), count_at(node, "k")};
}

Json number(const Figure::Value& value) {
  return std::visit([](auto number) { return Json(number); }, value);
}

Bounds stored_bounds(const JsonNode& node) {
  Bounds bounds;
  for (const Bound& bound : bounds_in_order) bounds.*bound.member = number_at(node, bound.name);
  return bounds;
}

/// What is stored of a tally, without energies.
Tally read_tally(const JsonNode& node, const AcceleratorConfig& config) {
  Tally tally;
  tally.records = 1;
  tally.use.pes = std::uint64_t{config.array.rows} * config.array.columns;
  if (!node.at("activity").is_null()) tally.activity.emplace();
  if (node.has("stalls") && !node.at("stalls").is_null()) tally.stalls.emplace();
  if (config.quantizers) tally.quantizer_cycles.emplace();
  if (config.transposer_side) tally.transposer_cycles.emplace();
  for (const Figure& figure : figures()) {
    const auto place = [&] { return figure.group.empty() ? node : node.at(figure.group); };
    // The list gives places inside of `tally`, which may be written here.
    if (const auto* count = std::get_if<Figure::Count>(&figure.in_tally)) {
      if (const std::uint64_t* at = (*count)(tally))
        *const_cast<std::uint64_t*>(at) = count_at(place(), figure.name);
    } else if (const auto* time = std::get_if<Figure::Time>(&figure.in_tally)) {
      *const_cast<double*>((*time)(tally)) = number_at(place(), figure.name);
    }
  }
  return tally;
}

/// {"dram": {"dram_hbm2": 80}, ...}: by component and constant.
Json events_object(const EventCounts& events) {
  Json json = Json::object();
  for (const EventCount& entry : events.entries())
    json[std::string(name_of(entry.component))][name_of(entry.price)] = entry.events;
  return json;
}

EventCounts read_events(const JsonNode& node) {
  EventCounts events;
  for (const auto& [component, constants] : node.members()) {
    const auto found = std::ranges::find(component_words, component);
    if (found == component_words.end()) throw constants.error("expected a component of the energy");
    for (const auto& [constant, count] : constants.members()) {
      const std::optional<Price> price = price_named(constant);
      if (!price) throw count.error("expected the name of a constant");
      events.add(static_cast<Component>(found - component_words.begin()), *price,
                 count_at(constants, constant));
    }
  }
  return events;
}

/// What the total of a file does not say.
void add_uncounted(const Tally& record, Tally& total) {
  total.records = checked_sum(total.records, record.records);
  total.use.used_pes = checked_sum(total.use.used_pes, record.use.used_pes);
}

Json record_object(const RecordResult& record, const Simulation& simulation) {
  Json json = size_object(record);
  if (record.tally.records != 1) json["count"] = record.tally.records;
  if (record.blocks) json["mapping"] = to_json_object(*record.blocks);
  json.update(to_json_object(simulation.config, record.tally));
  json["events"] = events_object(record.events);
  for (std::size_t i = 0; i < simulation.technologies.size(); ++i)
    json["energy_pj"][simulation.technologies[i].name] = to_json_object(record.tally.energy_pj[i]);
  return json;
}

RecordResult read_record(const JsonNode& node, const Simulation& simulation) {
  RecordResult record = read_size(node);
  if (node.has("mapping")) record.blocks = read_blocks(node.at("mapping"));
  record.tally = read_tally(node, simulation.config);
  record.events = read_events(node.at("events"));
  record.tally.records = read_count(node);
  record.tally.use.used_pes = checked_product(
      record.tally.records, used_pes_of(simulation.config.dataflow, record.size, record.samples));
  for (const TechnologyResult& technology : simulation.technologies)
    record.tally.energy_pj.push_back(stored_bounds(node.at("energy_pj").at(technology.name)));
  return record;
}

Json to_json_object(const std::optional<Voltage>& voltage) {
  if (!voltage) return nullptr;
  return {{"volts", voltage->volts}, {"kind", voltage->kind}};
}

Json component_object(const ComponentEnergy& line) {
  return {{"component", name_of(line.component)},
          {"constant", line.constant},
          {"events", line.events},
          {"unit", line.per_event.unit},
          {"pj_per_event", to_json_object(line.per_event.pj)},
          {"energy_pj", to_json_object(line.energy_pj)},
          {"kind", line.per_event.kind},
          {"source", line.per_event.source},
          {"node", line.per_event.node},
          {"voltage", to_json_object(line.per_event.voltage)},
          {"family", line.per_event.family},
          {"conditions", line.per_event.conditions}};
}

ComponentEnergy read_component(const JsonNode& node) {
  return {.component = static_cast<Component>(node.at("component").one_of(component_words)),
          .constant = node.at("constant").string(),
          .events = count_at(node, "events"),
          .per_event = {.pj = stored_bounds(node.at("pj_per_event")),
                        .unit = node.at("unit").string(),
                        .kind = std::string(kind_words[node.at("kind").one_of(kind_words)]),
                        .source = node.at("source").string(),
                        .node = node.at("node").string(),
                        .conditions = node.at("conditions").string(),
                        .voltage = read_voltage(node.at("voltage")),
                        .family = node.at("family").string()},
          .energy_pj = stored_bounds(node.at("energy_pj"))};
}

Json area_object(const ComponentArea& line) {
  const Constant& origin = line.per_unit.origin;
  return {{"component", line.component},
          {"amount", line.amount},
          {"unit", origin.unit},
          {"um2_per_unit", to_json_object(line.per_unit.um2)},
          {"area_mm2", to_json_object(line.mm2)},
          {"kind", origin.kind},
          {"source", origin.source},
          {"node", origin.node},
          {"conditions", origin.conditions}};
}

ComponentArea read_area(const JsonNode& node) {
  ComponentArea line{
      node.at("component").string(), count_at(node, "amount"), {}, stored_bounds(node.at("area_mm2"))};
  line.per_unit.um2 = stored_bounds(node.at("um2_per_unit"));
  Constant& origin = line.per_unit.origin;
  origin.unit = node.at("unit").string();
  origin.kind = kind_words[node.at("kind").one_of(kind_words)];
  origin.source = node.at("source").string();
  origin.node = node.at("node").string();
  origin.conditions = node.at("conditions").string();
  return line;
}

Json technology_object(const TechnologyResult& technology) {
  Json json = {{"table_sha256", technology.table_sha256}};
  for (const Bound& bound : bounds_in_order)
    json[fmt::format("energy_pj_{}", bound.name)] = technology.energy_pj.*bound.member;
  json["components"] = Json::array();
  for (const ComponentEnergy& line : technology.components)
    json["components"].push_back(component_object(line));
  json["area_mm2"] = to_json_object(total_mm2(technology.area));
  json["area"] = Json::array();
  for (const ComponentArea& line : technology.area) json["area"].push_back(area_object(line));
  return json;
}

TechnologyResult read_technology(const std::string& name, const JsonNode& node) {
  TechnologyResult technology{name, node.at("table_sha256").string(), {}, {}, {}};
  for (const Bound& bound : bounds_in_order)
    technology.energy_pj.*bound.member = number_at(node, fmt::format("energy_pj_{}", bound.name));
  for (const JsonNode& item : node.at("components").items())
    technology.components.push_back(read_component(item));
  for (const JsonNode& item : node.at("area").items()) technology.area.push_back(read_area(item));
  return technology;
}

constexpr std::string_view replay_references[] = {"trace", "emulator"};

ReplayFindings read_replay(const JsonNode& node) {
  ReplayFindings replay;
  replay.fidelity = static_cast<rtl_models::Fidelity>(node.at("fidelity").one_of(fidelity_words));
  replay.ran_on = node.at("ran_on").string();
  replay.gemms = count_at(node, "gemms");
  replay.gemms_equal = count_at(node, "gemms_equal");
  replay.cycles_equal = node.at("cycles_equal").boolean();
  replay.pe_tiles_checked = count_at(node, "pe_tiles_checked");
  if (node.has("against")) replay.against_emulator = node.at("against").one_of(replay_references) == 1;
  for (const JsonNode& line : node.at("differences").items()) replay.differences.push_back(line.string());
  return replay;
}

QuantizerFindings read_quantizer_replay(const JsonNode& node) {
  QuantizerFindings replay;
  replay.quantizers = count_at(node, "quantizers");
  replay.quantizers_equal = count_at(node, "quantizers_equal");
  replay.cycles_equal = node.at("cycles_equal").boolean();
  for (const JsonNode& line : node.at("differences").items()) replay.differences.push_back(line.string());
  return replay;
}

Provenance read_provenance(const JsonNode& node) {
  Provenance provenance{node.at("command").string(), node.at("program").string()};
  for (const JsonNode& input : node.at("inputs").items())
    provenance.inputs.push_back({input.at("file").string(), input.at("sha256").string()});
  return provenance;
}

/// Of two results with this in common the later one takes the place of the other. A trace counts as one
/// workload, whatever it holds: results stand beside their trace.
Json identity_of(const AcceleratorConfig& config, const WorkloadSource* shapes) {
  Json workload;
  if (shapes != nullptr) {
    workload = workload_object(*shapes);
    workload.erase("file");  // typed in another way it is the same
  }
  return Json::array({to_json_object(config), workload});
}

/// A result that cannot be read is of no known design.
bool is_another_result(const std::filesystem::path& file, const Json& identity) try {
  if (!std::filesystem::is_regular_file(file)) return false;
  const JsonNode root = JsonNode::read(file);
  if (!root.is_object() || !root.has("config") || !root.has("format")) return false;
  const std::optional<WorkloadSource> shapes =
      root.has("workload") ? std::optional(read_workload(root.at("workload"))) : std::nullopt;
  return identity_of(read_accelerator(root.at("config")), shapes ? &*shapes : nullptr) != identity;
} catch (const base::Error&) {
  return false;  // no result: write_outputs() refuses to replace it
}

}  // namespace

Json to_json_object(const Bounds& bounds) {
  Json json;
  for (const Bound& bound : bounds_in_order) json[std::string(bound.name)] = bounds.*bound.member;
  return json;
}

Json to_json_object(const std::optional<ReplayFindings>& replay) {
  if (!replay) return nullptr;
  Json json = {{"fidelity", name_of(replay->fidelity)}, {"ran_on", replay->ran_on}};
  if (replay->against_emulator) json["against"] = replay_references[1];
  json.update({{"gemms", replay->gemms},
               {"gemms_equal", replay->gemms_equal},
               {"cycles_equal", replay->cycles_equal},
               {"pe_tiles_checked", replay->pe_tiles_checked},
               {"differences", replay->differences}});
  return json;
}

Json to_json_object(const QuantizerFindings& replay) {
  return {{"quantizers", replay.quantizers},
          {"quantizers_equal", replay.quantizers_equal},
          {"cycles_equal", replay.cycles_equal},
          {"differences", replay.differences}};
}

Json to_json_object(const AcceleratorConfig& config, const Tally& tally) {
  Json json;
  for (const Figure& figure : figures()) {
    Json& place = figure.group.empty() ? json : json[std::string(figure.group)];
    if (const auto value = figure.value(config, tally)) place[std::string(figure.name)] = number(*value);
  }
  return json;
}

std::string simulation_json(const Simulation& simulation) {
  Json json = {{"format", format_word},
               {"version", 1},
               {"accelerator", simulation.config.name},
               {"config", to_json_object(simulation.config)},
               {"replayed", simulation.replay.has_value()}};
  if (simulation.workload.is_trace())
    json["trace"] = trace_object(simulation.workload);
  else
    json["workload"] = workload_object(simulation.workload);
  json["provenance"] = to_json_object(simulation.provenance);
  json["scope"] = simulation.scope;
  json.update(to_json_object(simulation.config, simulation.total));
  json["replay"] = to_json_object(simulation.replay);
  if (simulation.quantizer_replay) json["quantizer_replay"] = to_json_object(*simulation.quantizer_replay);
  for (const RecordResult& record : simulation.records)
    json["records"].push_back(record_object(record, simulation));
  for (const TechnologyResult& technology : simulation.technologies)
    json["technologies"][technology.name] = technology_object(technology);
  json["limits"] = simulation.limits;
  return json_text(json, 1);
}

Simulation read_simulation(const std::filesystem::path& file, const std::string& manifest_sha256) {
  const JsonNode root = open_result_file(file, format_word);
  Simulation simulation;
  simulation.workload = read_source(root, manifest_sha256);
  simulation.config = read_accelerator(root.at("config"));
  simulation.provenance = read_provenance(root.at("provenance"));
  simulation.scope = root.at("scope").string();
  const JsonNode technologies = root.at("technologies");
  for (const auto& [name, node] : technologies.members())
    simulation.technologies.push_back(read_technology(name, node));
  if (simulation.technologies.empty()) throw technologies.error("is empty; expected at least one technology");
  simulation.total = read_tally(root, simulation.config);
  for (const TechnologyResult& technology : simulation.technologies)
    simulation.total.energy_pj.push_back(technology.energy_pj);
  for (const JsonNode& record : root.at("records").items())
    simulation.records.push_back(read_record(record, simulation));
  simulation.total.records = 0;
  for (const RecordResult& record : simulation.records) add_uncounted(record.tally, simulation.total);
  if (const JsonNode node = root.at("replay"); !node.is_null()) simulation.replay = read_replay(node);
  if (root.has("quantizer_replay"))
    simulation.quantizer_replay = read_quantizer_replay(root.at("quantizer_replay"));
  for (const JsonNode& limit : root.at("limits").items()) simulation.limits.push_back(limit.string());
  return simulation;
}

std::string figure_fields(const AcceleratorConfig& config, const Tally& tally) {
  std::string fields;
  for (const Figure& figure : figures()) {
    fields += ",";
    if (const auto value = figure.value(config, tally))
      fields += std::visit([](auto number) { return fmt::format("{}", number); }, *value);
  }
  return fields;
}

std::string simulation_csv(const Simulation& simulation) {
  std::string csv = fmt::format("{},count", csv_keys);
  for (const Figure& figure : figures()) csv += fmt::format(",{}", figure.column());
  for (const TechnologyResult& technology : simulation.technologies)
    for (const Bound& bound : bounds_in_order)
      csv += fmt::format(",energy_pj_{}_{}", technology.name, bound.name);
  csv += ",values\n";
  const std::string values = values_field(simulation.workload);
  for (const RecordResult& r : simulation.records) {
    csv += fmt::format("{},{},{},{},{},{},{},{},{}", r.step, r.layer, name_of(r.phase), r.size.m, r.size.n,
                       r.size.k, r.size.groups, r.samples, r.tally.records);
    csv += figure_fields(simulation.config, r.tally);
    for (const Bounds& energy : r.tally.energy_pj)
      for (const Bound& bound : bounds_in_order) csv += fmt::format(",{}", energy.*bound.member);
    csv += fmt::format(",{}\n", values);
  }
  return csv;
}

std::vector<Output> simulation_outputs(const AcceleratorConfig& config, const WorkloadSource& workload,
                                       const std::filesystem::path& folder) {
  const WorkloadSource* shapes = workload.is_trace() ? nullptr : &workload;
  const std::string name = shapes == nullptr ? config.name : fmt::format("{}.{}", config.name, shapes->name);
  const Json identity = identity_of(config, shapes);
  for (int number = 1;; ++number) {
    const std::string stem = number == 1 ? name : fmt::format("{}-{}", name, number);
    std::vector<Output> outputs = {{folder / (stem + ".json"), json_mark(format_word)},
                                   {folder / (stem + ".csv"), std::string(csv_keys)}};
    if (!is_another_result(outputs.front().file, identity)) return outputs;
  }
}

bool write_simulation(const Simulation& simulation, std::span<const Output> outputs) {
  const std::filesystem::path folder = outputs.front().file.parent_path();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw base::Error("{}: cannot be made: {}", folder.string(), failed.message());
  const std::array<std::string, 2> texts = {simulation_json(simulation), simulation_csv(simulation)};
  return write_outputs(outputs, texts);
}

}  // namespace quatrain::sim
