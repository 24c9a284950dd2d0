#include "sim/report/json.hpp"

#include "sim/accelerator/simulation_file.hpp"
#include "sim/records/result_file.hpp"
#include "sim/report/ratios.hpp"
#include "sim/report/step_section.hpp"
#include "sim/study/study_file.hpp"
#include "sim/verify/cross_check_json.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/record.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

namespace quatrain::sim::report {
namespace {

using Json = nlohmann::ordered_json;

/// Decimal digits that say the fp32 value, not those of its double.
double as_printed(float value) { return std::stod(fmt::format("{}", value)); }

/// A loss of a run that diverges may be no number; JSON has no word for that but null.
Json finite_or_null(float value) { return std::isfinite(value) ? Json(as_printed(value)) : Json(nullptr); }

/// null for a run that reached its last epoch.
Json stopped_text(const TrainingRun& run) {
  if (run.is_complete()) return nullptr;
  return run.stopped.empty() ? "not known; it may still run" : run.stopped;
}

Json number_or_null(const std::optional<double>& number) { return number ? Json(*number) : Json(nullptr); }

Json json_of(const GradientMeans& means) {
  return {{"layer", means.layer},
          {"steps", means.steps},
          {"snr_db", number_or_null(means.snr_db)},
          {"cosine", number_or_null(means.cosine)},
          {"gain", number_or_null(means.gain)},
          {"below_alpha_share", number_or_null(means.below_alpha_share)},
          {"top_code_share", number_or_null(means.top_code_share)},
          {"ln_sigma", number_or_null(means.ln_sigma)}};
}

Json json_of(const TrainingRun& run) {
  const emu::EpochMetrics& last = run.epochs.back();
  Json json = {{"model", run.config.name},
               {"seed", run.config.seed},
               {"planned_epochs", run.config.epochs},
               {"stopped", stopped_text(run)},
               {"epochs", last.epoch},
               {"steps", last.step},
               {"test_accuracy_percent", last.test_accuracy_percent},
               {"test_loss", finite_or_null(last.test_loss)},
               {"train_loss", finite_or_null(last.train_loss)},
               {"state_hash", last.state_hash},
               {"metrics", Json::array()},
               {"gradients", Json::array()}};
  for (const GradientMeans& means : gradient_means(run)) json["gradients"].push_back(json_of(means));
  for (const emu::EpochMetrics& epoch : run.epochs)
    json["metrics"].push_back({{"epoch", epoch.epoch},
                               {"step", epoch.step},
                               {"train_loss", finite_or_null(epoch.train_loss)},
                               {"test_loss", finite_or_null(epoch.test_loss)},
                               {"test_accuracy_percent", epoch.test_accuracy_percent},
                               {"learning_rate", as_printed(epoch.learning_rate)},
                               {"seconds", epoch.seconds},
                               {"state_hash", epoch.state_hash}});
  return json;
}

Json json_of(const MachineFindings& machine) {
  Json json = to_json_object(machine);
  if (machine.first_difference) json["first_difference"] = describe(*machine.first_difference);
  for (const auto& [word, findings] : {std::pair("gemms", &machine.gemm_differences),
                                       std::pair("quantizers", &machine.quantizer_differences)}) {
    const auto& [pattern, diagnosis] = *findings;
    if (pattern)
      json["pattern"][word] = fmt::format("{}: {}", pattern->record, base::joined(describe(*pattern), "; "));
    if (diagnosis) json["diagnosis"][word] = fmt::format("{}: {}", diagnosis->cause, diagnosis->evidence);
  }
  return json;
}

Json records_of(const CrossCheck& check) {
  Json json = {{"model", check.model}, {"steps", check.steps}};
  json.update(to_json_object(check.records));
  json["contradictions"] = check.contradictions;
  json["trace_alone"] = check.trace_alone;
  json["equal"] = check.equal();
  json["kernels"] = where_kernels_ran(check);
  return json;
}

Json json_of(const TechnologyResult& technology) {
  Json json = {{"energy_pj_low", technology.energy_pj.low},
               {"energy_pj_nominal", technology.energy_pj.nominal},
               {"energy_pj_high", technology.energy_pj.high},
               {"components", Json::array()}};
  for (const ComponentEnergy& line : technology.components)
    json["components"].push_back({{"component", name_of(line.component)},
                                  {"events", line.events},
                                  {"unit", line.per_event.unit},
                                  {"pj_per_event", to_json_object(line.per_event.pj)},
                                  {"energy_pj", to_json_object(line.energy_pj)},
                                  {"kind", line.per_event.kind},
                                  {"source", line.per_event.source}});
  json["area_mm2"] = to_json_object(total_mm2(technology.area));
  json["area"] = Json::array();
  for (const ComponentArea& line : technology.area)
    json["area"].push_back({{"component", line.component},
                            {"amount", line.amount},
                            {"unit", line.per_unit.origin.unit},
                            {"area_mm2", to_json_object(line.mm2)},
                            {"kind", line.per_unit.origin.kind}});
  return json;
}

Json json_of(const Part& part, const Simulation& simulation) {
  const Tally& tally = part.tally;
  Json json = {{"layer", part.first->layer},           {"phase", traces::name_of(part.first->phase)},
               {"cycles", tally.use.cycles},           {"macs", tally.use.macs},
               {"in_range_macs", tally.in_range_macs}, {"bytes", tally.traffic.total_bytes()},
               {"energy_pj", Json::object()}};
  for (std::size_t i = 0; i < simulation.technologies.size(); ++i)
    json["energy_pj"][simulation.technologies[i].name] = to_json_object(tally.energy_pj[i]);
  return json;
}

Json json_of(const Simulation& simulation) {
  Json json = {{"scope", simulation.scope},
               {"pe", simulation.config.pe->name},
               {"rows", simulation.config.array.rows},
               {"columns", simulation.config.array.columns},
               {"clock_mhz", simulation.config.clock_mhz},
               {"config", to_json_object(simulation.config)}};
  json.update(to_json_object(simulation.config, simulation.total));
  json["replay"] = to_json_object(simulation.replay);
  if (simulation.quantizer_replay) json["quantizer_replay"] = to_json_object(*simulation.quantizer_replay);
  json["technologies"] = Json::object();
  json["parts"] = Json::array();
  json["limits"] = simulation.limits;
  for (const TechnologyResult& technology : simulation.technologies)
    json["technologies"][technology.name] = json_of(technology);
  for (const Part& part : parts_by_phase(simulation.records))
    json["parts"].push_back(json_of(part, simulation));
  return json;
}

/// null where there is nothing to compare.
Json json_of(const Ratios& ratios) {
  if (ratios.list.empty()) return nullptr;
  Json json = {{"reference", ratios.reference->label}, {"ratios", Json::array()}};
  for (const DesignRatio& ratio : ratios.list)
    json["ratios"].push_back(
        {{"accelerator", ratio.design->label},
         {"node", ratio.node},
         {"time", ratio.time},
         {"energy", to_json_object(ratio.energy.paired)},
         {"families_apart", {{"smallest", ratio.energy.smallest}, {"largest", ratio.energy.largest}}},
         {"mixed", ratio.energy.mixed},
         {"voltages", ratio.voltages}});
  return json;
}

Json json_of(const TrainingStep& step) {
  StepSum all;
  for (const StepOperation& operation : step.operations) all.add(operation);
  Json json = {{"model", step.model},     {"batch", step.batch},
               {"cycles", step.cycles()}, {"milliseconds", step.milliseconds()},
               {"busy", Json::object()},  {"array_waits", Json::object()}};
  const ByResource<std::uint64_t> waits = array_waits(step);
  for (std::size_t i = 0; i < resource_words.size(); ++i) {
    json["busy"][resource_words[i]] = all.busy[i];
    if (static_cast<Resource>(i) != Resource::array) json["array_waits"][resource_words[i]] = waits[i];
  }
  return json;
}

Json json_of(const study::GradientStudy& study) {
  Json json = {{"rule", study.rule},
               {"code_values", study::CodeHistogram::values},
               {"codes", Json::object()},
               {"fidelity", Json::array()}};
  for (const study::CodeHistogram& histogram : study.histograms)
    json["codes"][histogram.layer] = histogram.counts;
  for (const study::StudiedGradient& gradient : study.gradients)
    for (const study::RoundingEffect& effect : gradient.effects) {
      Json row = {{"layer", gradient.layer},
                  {"step", gradient.step},
                  {"images", gradient.images},
                  {"batch", gradient.batch},
                  {"compared", name_of(gradient.compared)},
                  {"maximum", traces::name_of(gradient.maximum)}};
      row.update(study::to_json_object(effect));
      json["fidelity"].push_back(std::move(row));
    }
  return json;
}

}  // namespace

std::string render_json(const Report& report) {
  Json json = {
      {"format", "quatrain-report"},
      {"version", 1},
      {"producer",
       {{"name", "quatrain"}, {"version", QUATRAIN_VERSION}, {"numerics", traces::numerics_version}}},
      {"kind", report.kind},
      {"subject", report.subject},
      {"training", Json::object()},
      {"records", nullptr},
      {"crosscheck", Json::object()},
      {"simulation", Json::object()},
      {"comparison", nullptr},
      {"steps", Json::object()},
      {"gradients", nullptr},
      {"seconds", Json::object()},
      {"commands", report.commands},
      {"missing", Json::array()}};
  for (const TrainingRun& run : report.training)
    if (!run.epochs.empty()) json["training"][run.recipe] = json_of(run);
  if (report.crosscheck) {
    json["records"] = records_of(*report.crosscheck);
    for (const MachineFindings& machine : report.crosscheck->machines)
      json["crosscheck"][machine.name] = json_of(machine);
  }
  for (const Design& design : report.designs) json["simulation"][design.label] = json_of(design.simulation);
  json["comparison"] = json_of(ratios_of(report));
  for (const auto& [label, step] : report.steps) json["steps"][label] = json_of(step);
  if (report.gradients) json["gradients"] = json_of(*report.gradients);
  for (const Stage& stage : report.stages) json["seconds"][stage.name] = stage.seconds;
  for (const Missing& missing : report.missing)
    json["missing"].push_back(
        {{"part", missing.part}, {"why", missing.why}, {"how", text_or_null(missing.how)}});
  return json_text(json, 2);
}

}  // namespace quatrain::sim::report
