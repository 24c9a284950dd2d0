#include "sim/step/step_file.hpp"

#include "sim/accelerator/figures.hpp"
#include "sim/records/result_file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quatrain::sim {
namespace {

using nlohmann::ordered_json;

ordered_json to_json_object(const Bounds& pj) {
  ordered_json object;
  for (const Bound& bound : bounds_in_order) object[bound.name] = pj.*bound.member;
  return object;
}

ordered_json to_json_object(const ByResource<std::uint64_t>& cycles) {
  ordered_json object;
  for (std::size_t i = 0; i < cycles.size(); ++i) object[resource_words[i]] = cycles[i];
  return object;
}

ordered_json to_json_object(const VectorOperations& operations) {
  return {{"additions", operations.additions},   {"multiplications", operations.multiplications},
          {"selections", operations.selections}, {"functions", operations.functions},
          {"draws", operations.draws},           {"fused", operations.fused}};
}

ordered_json to_json_object(const StepOperation& operation) {
  return {{"layer", operation.layer},
          {"part", name_of(operation.part)},
          {"operation", operation.name},
          {"begin", operation.begin},
          {"cycles", operation.cycles},
          {"bound_by", name_of(operation.bound_by())},
          {"busy", to_json_object(operation.busy)},
          {"bytes", operation.bytes},
          {"macs", operation.macs},
          {"vector", to_json_object(operation.operations)}};
}

ordered_json to_json_object(const StepEnergy& energy) {
  ordered_json by_resource;
  for (std::size_t i = 0; i < energy.pj.size(); ++i)
    by_resource[resource_words[i]] = to_json_object(energy.pj[i]);
  return {{"technology", energy.technology},
          {"by_resource_pj", by_resource},
          {"total_pj", to_json_object(energy.total())}};
}

}  // namespace

std::string step_json(const TrainingStep& step) {
  StepSum all;
  for (const StepOperation& operation : step.operations) all.add(operation);
  ordered_json json = {{"format", step_format},
                       {"version", 1},
                       {"config", to_json_object(step.config)},
                       {"model", step.model},
                       {"batch", step.batch},
                       {"cycles", step.cycles()},
                       {"milliseconds", step.milliseconds()},
                       {"busy", to_json_object(all.busy)},
                       {"bound", to_json_object(all.bound)},
                       {"bytes", all.bytes},
                       {"macs", all.macs},
                       {"kept_bytes", step.kept_bytes},
                       {"parameter_bytes", step.parameter_bytes},
                       {"energy", ordered_json::array()},
                       {"operations", ordered_json::array()},
                       {"limits", step.limits}};
  for (const StepEnergy& energy : step.energy) json["energy"].push_back(to_json_object(energy));
  for (const StepOperation& operation : step.operations)
    json["operations"].push_back(to_json_object(operation));
  json["provenance"] = to_json_object(step.provenance);
  return json_text(json, 1);
}

std::string step_csv(const TrainingStep& step) {
  std::string text(step_csv_mark);
  for (const std::string_view resource : resource_words) text += fmt::format("{}_cycles,", resource);
  text += "bytes,macs,additions,multiplications,selections,functions,draws\n";
  for (const StepOperation& operation : step.operations) {
    text += fmt::format("{},{},{},{},{},{},", operation.begin, operation.cycles, operation.layer,
                        name_of(operation.part), operation.name, name_of(operation.bound_by()));
    for (const std::uint64_t cycles : operation.busy) text += fmt::format("{},", cycles);
    const VectorOperations& vector = operation.operations;
    text += fmt::format("{},{},{},{},{},{},{}\n", operation.bytes, operation.macs, vector.additions,
                        vector.multiplications, vector.selections, vector.functions, vector.draws);
  }
  return text;
}

}  // namespace quatrain::sim
