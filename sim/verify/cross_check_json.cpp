#include "sim/verify/cross_check_json.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace quatrain::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 3> verdict_words = {"equal", "different", "skipped"};

template <typename Value>
Json value_or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

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
  return json;
}

Json json_of(const MachineFindings& machine) {
  Json unsupported = Json::array();
  for (const auto& [record, reason] : machine.unsupported)
    unsupported.push_back({{"record", record}, {"reason", reason}});
  return {{"verdict", verdict_words[static_cast<std::size_t>(machine.verdict())]},
          {"reason", text_or_null(machine.why_not)},
          {"ran_on", text_or_null(machine.ran_on)},
          {"gemms", machine.gemms},
          {"gemms_equal", machine.gemms_equal},
          {"quantizers", machine.quantizers},
          {"quantizers_equal", machine.quantizers_equal},
          {"elements", machine.elements},
          {"macs", machine.macs},
          {"seconds", machine.seconds},
          {"unsupported", std::move(unsupported)},
          {"first_difference", json_of(machine.first_difference)}};
}

Json json_of(const RecordCounts& records) {
  return {{"gemms", records.gemms},
          {"quantizers", records.quantizers},
          {"macs", records.macs.all},
          {"in_range_macs", records.macs.in_range},
          {"non_zero_macs", records.macs.non_zero},
          {"accumulators", records.accumulators},
          {"codes", records.codes}};
}

/// "luq/trace" beside the demo's crosscheck.json; else as it was typed.
std::string trace_name(const std::string& directory, const std::filesystem::path& file) {
  const auto relative = std::filesystem::absolute(directory).lexically_normal().lexically_relative(
      std::filesystem::absolute(file).lexically_normal().parent_path());
  return relative.empty() || *relative.begin() == ".." ? directory : relative.string();
}

}  // namespace

std::string cross_check_json(const CrossCheck& check, const std::filesystem::path& file) {
  Json machines = Json::object();
  for (const MachineFindings& machine : check.machines) machines[machine.name] = json_of(machine);
  const Json json = {{"format", "quatrain-crosscheck"},
                     {"version", 1},
                     {"trace",
                      {{"directory", trace_name(check.directory, file)},
                       {"manifest_sha256", check.manifest_sha256},
                       {"model", check.model},
                       {"steps", check.steps}}},
                     {"records", json_of(check.records)},
                     {"contradictions", check.contradictions},
                     {"equal", check.equal()},
                     {"machines", std::move(machines)}};
  return json.dump(2) + "\n";
}

}  // namespace quatrain::sim
