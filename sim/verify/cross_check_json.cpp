#include "sim/verify/cross_check_json.hpp"

#include "sim/records/result_file.hpp"
#include "sim/verify/difference_json.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <utility>

namespace quatrain::sim {
namespace {

using Json = nlohmann::ordered_json;
using base::JsonNode;

template <typename Value>
Json value_or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const std::optional<Difference>& difference) {
  if (!difference) return nullptr;
  Json json = {{"what", difference->what},
               {"record", difference->record},
               {"layer", difference->layer},
               {"step", difference->step},
               {"pass", traces::name_of(difference->pass)}};
  if (const auto* phase = std::get_if<traces::Phase>(&difference->part)) {
    json["phase"] = traces::name_of(*phase);
  } else {
    json["role"] = traces::name_of(std::get<traces::Role>(difference->part));
  }
  const auto& place = difference->place;
  json["group"] = place ? Json(place->group) : Json(nullptr);
  json["row"] = place ? Json(place->row) : Json(nullptr);
  json["column"] = place ? Json(place->column) : Json(nullptr);
  json["sample"] = value_or_null(difference->sample);
  json["k"] = value_or_null(difference->k);
  json["why_no_k"] = text_or_null(difference->why_no_k);
  json["element"] = value_or_null(difference->element);
  json["expected"] = difference->expected;
  json["got"] = difference->got;
  json["text"] = describe(*difference);
  return json;
}

/// Pattern or diagnosis of GEMMs and quantizers; null where there is none.
template <typename Value>
Json of_both(const MachineFindings& machine, std::optional<Value> DifferenceFindings::*member) {
  const auto json = [](const std::optional<Value>& value) {
    return value ? to_json_object(*value) : Json(nullptr);
  };
  return {{"gemms", json(machine.gemm_differences.*member)},
          {"quantizers", json(machine.quantizer_differences.*member)}};
}

/// "luq/trace" beside the demo's crosscheck.json; else as it was typed.
std::string trace_name(const std::string& directory, const std::filesystem::path& file) {
  const auto relative = std::filesystem::absolute(directory).lexically_normal().lexically_relative(
      std::filesystem::absolute(file).lexically_normal().parent_path());
  return relative.empty() || *relative.begin() == ".." ? directory : relative.string();
}

/// Nothing for null.
std::optional<std::int64_t> count_or_none_at(const JsonNode& node, std::string_view key) {
  const JsonNode value = node.at(key);
  if (value.is_null()) return std::nullopt;
  return static_cast<std::int64_t>(count_at(node, key));
}

std::uint32_t step_of(const JsonNode& node) {
  return static_cast<std::uint32_t>(node.integer(0, std::numeric_limits<std::uint32_t>::max()));
}

/// A key that the others decide.
template <typename Value>
void require_derived(const JsonNode& node, const Value& found, const Value& derived) {
  if (found != derived) throw node.error("found '{}'; the other keys say '{}'", found, derived);
}

Difference read_difference(const JsonNode& node) {
  Difference difference;
  difference.what = node.at("what").string();
  difference.record = node.at("record").string();
  difference.layer = node.at("layer").string();
  difference.step = step_of(node.at("step"));
  difference.pass = node.at("pass").one_of<traces::Pass>();
  if (node.has("phase"))
    difference.part = node.at("phase").one_of<traces::Phase>();
  else
    difference.part = node.at("role").one_of<traces::Role>();
  if (const auto group = count_or_none_at(node, "group"))
    difference.place = {*group, count_or_none_at(node, "row").value_or(0),
                        count_or_none_at(node, "column").value_or(0)};
  difference.element = count_or_none_at(node, "element");
  if (const auto sample = count_or_none_at(node, "sample"))
    difference.sample = static_cast<unsigned>(*sample);
  difference.k = count_or_none_at(node, "k");
  difference.why_no_k = text_or_none_at(node, "why_no_k");
  difference.expected = node.at("expected").string();
  difference.got = node.at("got").string();
  const JsonNode text = node.at("text");
  require_derived(text, text.string(), describe(difference));
  return difference;
}

/// Earlier files do not say how much differs.
void read_differing(const JsonNode& node, MachineFindings& machine) {
  machine.uncounted_records = machine.different_records();
  if (!node.has("different_records")) return;
  require_derived(node.at("different_records"), count_at(node, "different_records"),
                  machine.different_records());
  machine.different_elements = count_at(node, "different_elements");
  machine.uncounted_records = count_at(node, "uncounted_records");
}

DifferenceFindings read_findings(const JsonNode& machine, std::string_view which) {
  DifferenceFindings findings;
  if (!machine.has("pattern")) return findings;  // earlier files have none
  const JsonNode pattern = machine.at("pattern").at(which), diagnosis = machine.at("diagnosis").at(which);
  if (!pattern.is_null()) findings.pattern = read_pattern(pattern);
  if (!diagnosis.is_null()) findings.diagnosis = read_diagnosis(diagnosis);
  return findings;
}

MachineFindings read_machine(const std::string& name, const JsonNode& node) {
  MachineFindings machine;
  machine.name = name;
  machine.ran_on = text_or_none_at(node, "ran_on");
  machine.why_not = text_or_none_at(node, "reason");
  machine.gemms = count_at(node, "gemms");
  machine.gemms_equal = count_at(node, "gemms_equal");
  machine.quantizers = count_at(node, "quantizers");
  machine.quantizers_equal = count_at(node, "quantizers_equal");
  machine.elements = count_at(node, "elements");
  machine.macs = count_at(node, "macs");
  machine.seconds = number_at(node, "seconds");
  for (const JsonNode& item : node.at("unsupported").items())
    machine.unsupported.push_back({item.at("record").string(), item.at("reason").string()});
  if (node.has("misbehaved"))
    for (const JsonNode& item : node.at("misbehaved").items())
      machine.misbehaved.push_back(
          {item.at("record").string(), item.at("kind").one_of<Misbehaviour>(), item.at("text").string()});
  read_differing(node, machine);
  const JsonNode verdict = node.at("verdict"), difference = node.at("first_difference");
  require_derived(verdict, verdict_words[verdict.one_of(verdict_words)], name_of(machine.verdict()));
  if (!difference.is_null()) machine.first_difference = read_difference(difference);
  machine.gemm_differences = read_findings(node, "gemms");
  machine.quantizer_differences = read_findings(node, "quantizers");
  if (machine.verdict() == Verdict::different && difference.is_null())
    throw difference.error("null; expected the first difference of a machine that is 'different'");
  return machine;
}

RecordCounts read_records(const JsonNode& node) {
  return {.gemms = count_at(node, "gemms"),
          .quantizers = count_at(node, "quantizers"),
          .accumulators = count_at(node, "accumulators"),
          .codes = count_at(node, "codes"),
          .macs = {.all = count_at(node, "macs"),
                   .in_range = count_at(node, "in_range_macs"),
                   .non_zero = count_at(node, "non_zero_macs")}};
}

}  // namespace

Json to_json_object(const MachineFindings& machine) {
  Json unsupported = Json::array();
  for (const auto& [record, reason] : machine.unsupported)
    unsupported.push_back({{"record", record}, {"reason", reason}});
  Json misbehaved = Json::array();
  for (const auto& [record, kind, text] : machine.misbehaved)
    misbehaved.push_back({{"record", record}, {"kind", name_of(kind)}, {"text", text}});
  return {{"verdict", name_of(machine.verdict())},
          {"reason", text_or_null(machine.why_not)},
          {"ran_on", text_or_null(machine.ran_on)},
          {"gemms", machine.gemms},
          {"gemms_equal", machine.gemms_equal},
          {"quantizers", machine.quantizers},
          {"quantizers_equal", machine.quantizers_equal},
          {"elements", machine.elements},
          {"different_records", machine.different_records()},
          {"different_elements", machine.different_elements},
          {"uncounted_records", machine.uncounted_records},
          {"macs", machine.macs},
          {"seconds", machine.seconds},
          {"unsupported", std::move(unsupported)},
          {"misbehaved", std::move(misbehaved)},
          {"first_difference", json_of(machine.first_difference)},
          {"pattern", of_both(machine, &DifferenceFindings::pattern)},
          {"diagnosis", of_both(machine, &DifferenceFindings::diagnosis)}};
}

Json to_json_object(const RecordCounts& records) {
  return {{"gemms", records.gemms},
          {"quantizers", records.quantizers},
          {"macs", records.macs.all},
          {"in_range_macs", records.macs.in_range},
          {"non_zero_macs", records.macs.non_zero},
          {"accumulators", records.accumulators},
          {"codes", records.codes}};
}

std::string cross_check_json(const CrossCheck& check, const std::filesystem::path& file) {
  Json machines = Json::object();
  for (const MachineFindings& machine : check.machines) machines[machine.name] = to_json_object(machine);
  const Json json = {{"format", "quatrain-crosscheck"},
                     {"version", 1},
                     {"trace",
                      {{"directory", trace_name(check.directory, file)},
                       {"manifest_sha256", check.manifest_sha256},
                       {"model", check.model},
                       {"steps", check.steps}}},
                     {"records", to_json_object(check.records)},
                     {"contradictions", check.contradictions},
                     {"trace_alone", check.trace_alone},
                     {"equal", check.equal()},
                     {"machines", std::move(machines)}};
  return json_text(json, 2);
}

CrossCheck read_cross_check(const std::filesystem::path& file, const std::string& manifest_sha256) {
  const JsonNode root = open_result_file(file, "quatrain-crosscheck");
  const JsonNode trace = root.at("trace"), equal = root.at("equal");
  require_same_trace(trace, manifest_sha256);
  CrossCheck check;
  check.directory = trace.at("directory").string();
  check.manifest_sha256 = trace.at("manifest_sha256").string();
  check.model = trace.at("model").string();
  for (const JsonNode& step : trace.at("steps").items()) check.steps.insert(step_of(step));
  check.records = read_records(root.at("records"));
  for (const JsonNode& line : root.at("contradictions").items())
    check.contradictions.push_back(line.string());
  if (root.has("trace_alone"))
    for (const JsonNode& record : root.at("trace_alone").items())
      check.trace_alone.push_back(record.string());
  for (const auto& [name, node] : root.at("machines").members())
    check.machines.push_back(read_machine(name, node));
  require_derived(equal, equal.boolean(), check.equal());
  return check;
}

}  // namespace quatrain::sim
