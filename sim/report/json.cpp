#include "sim/report/json.hpp"

#include "sim/report/sections.hpp"
#include "traces/format/record.hpp"

#include <nlohmann/json.hpp>

namespace quatrain::sim::report {
namespace {

using Json = nlohmann::ordered_json;

/// Decimal digits that say the fp32 value, not those of its double.
double as_printed(float value) { return std::stod(fmt::format("{}", value)); }

Json json_of(const TrainingRun& run) {
  const emu::EpochMetrics& last = run.epochs.back();
  Json json = {{"model", run.config.name},
               {"seed", run.config.seed},
               {"epochs", last.epoch},
               {"steps", last.step},
               {"test_accuracy_percent", last.test_accuracy_percent},
               {"test_loss", as_printed(last.test_loss)},
               {"train_loss", as_printed(last.train_loss)},
               {"state_hash", last.state_hash},
               {"metrics", Json::array()}};
  for (const emu::EpochMetrics& epoch : run.epochs)
    json["metrics"].push_back({{"epoch", epoch.epoch},
                               {"step", epoch.step},
                               {"train_loss", as_printed(epoch.train_loss)},
                               {"test_loss", as_printed(epoch.test_loss)},
                               {"test_accuracy_percent", epoch.test_accuracy_percent},
                               {"learning_rate", as_printed(epoch.learning_rate)},
                               {"seconds", epoch.seconds},
                               {"state_hash", epoch.state_hash}});
  return json;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json json_of(const MachineCheck& check) {
  Json json = {{"verdict", check.verdict},
               {"reason", text_or_null(check.reason)},
               {"ran_on", text_or_null(check.ran_on)},
               {"gemms", check.gemms},
               {"gemms_equal", check.gemms_equal},
               {"quantizers", check.quantizers},
               {"quantizers_equal", check.quantizers_equal},
               {"elements", check.elements},
               {"macs", check.macs},
               {"seconds", check.seconds},
               {"unsupported", Json::array()},
               {"first_difference", text_or_null(check.first_difference)}};
  for (const Unsupported& entry : check.unsupported)
    json["unsupported"].push_back({{"record", entry.record}, {"reason", entry.reason}});
  return json;
}

Json records_of(const CrossCheck& check) {
  return {{"model", check.model},
          {"steps", check.steps},
          {"gemms", check.gemms},
          {"quantizers", check.quantizers},
          {"macs", check.macs},
          {"in_range_macs", check.in_range_macs},
          {"non_zero_macs", check.non_zero_macs},
          {"accumulators", check.accumulators},
          {"codes", check.codes},
          {"contradictions", check.contradictions},
          {"equal", check.equal},
          {"kernels", where_kernels_ran(check)}};
}

Json json_of(const Bounds& bounds) {
  return {{"low", bounds.low}, {"nominal", bounds.nominal}, {"high", bounds.high}};
}

Json json_of(const TechnologyEnergy& technology) {
  Json json = {{"energy_pj_low", technology.energy_pj.low},
               {"energy_pj_nominal", technology.energy_pj.nominal},
               {"energy_pj_high", technology.energy_pj.high},
               {"components", Json::array()}};
  for (const EnergyComponent& component : technology.components)
    json["components"].push_back({{"component", component.component},
                                  {"events", component.events},
                                  {"unit", component.unit},
                                  {"pj_per_event", json_of(component.pj_per_event)},
                                  {"energy_pj", json_of(component.energy_pj)},
                                  {"kind", component.kind},
                                  {"source", component.source}});
  return json;
}

Json json_of(const SimulatedPart& part) {
  Json json = {{"layer", part.layer},
               {"phase", part.phase},
               {"cycles", part.cycles},
               {"macs", part.macs},
               {"in_range_macs", part.in_range_macs},
               {"bytes", part.bytes},
               {"energy_pj", Json::object()}};
  for (const auto& [node, energy] : part.energy_pj) json["energy_pj"][node] = json_of(energy);
  return json;
}

Json json_of(const Simulation& simulation) {
  Json json = {{"scope", simulation.scope},
               {"pe", simulation.pe},
               {"rows", simulation.rows},
               {"columns", simulation.columns},
               {"clock_mhz", simulation.clock_mhz},
               {"cycles", simulation.cycles},
               {"milliseconds", simulation.milliseconds},
               {"dram_milliseconds", simulation.dram_milliseconds},
               {"macs", simulation.macs},
               {"in_range_macs", simulation.in_range_macs},
               {"bytes",
                {{"left", simulation.bytes[0]},
                 {"right", simulation.bytes[1]},
                 {"result", simulation.bytes[2]},
                 {"quantizer", simulation.bytes[3]}}},
               {"utilization",
                {{"spatial", simulation.utilization[0]},
                 {"temporal", simulation.utilization[1]},
                 {"overall", simulation.utilization[2]}}},
               {"replay", nullptr},
               {"activity", nullptr},
               {"technologies", Json::object()},
               {"parts", Json::array()},
               {"limits", simulation.limits}};
  if (simulation.replay)
    json["replay"] = {{"fidelity", simulation.replay->fidelity},
                      {"ran_on", simulation.replay->ran_on},
                      {"gemms", simulation.replay->gemms},
                      {"gemms_equal", simulation.replay->gemms_equal},
                      {"cycles_equal", simulation.replay->cycles_equal},
                      {"pe_tiles_checked", simulation.replay->pe_tiles_checked},
                      {"differences", simulation.replay->differences}};
  if (simulation.activity)
    json["activity"] = {{"macs", simulation.activity->macs},
                        {"zero_operand_macs", simulation.activity->zero_operand_macs},
                        {"left_toggles", simulation.activity->left_toggles},
                        {"right_toggles", simulation.activity->right_toggles},
                        {"accumulator_toggles", simulation.activity->accumulator_toggles}};
  for (const TechnologyEnergy& technology : simulation.technologies)
    json["technologies"][technology.node] = json_of(technology);
  for (const SimulatedPart& part : simulation.parts) json["parts"].push_back(json_of(part));
  return json;
}

Json json_of(const GradientStudy& study) {
  Json json = {{"rule", study.rule},
               {"code_values", CodeHistogram::values},
               {"codes", Json::object()},
               {"fidelity", Json::array()}};
  for (const CodeHistogram& histogram : study.histograms) json["codes"][histogram.layer] = histogram.counts;
  for (const LayerFidelity& record : study.fidelity)
    for (const RoundingEffect& effect : record.effects)
      json["fidelity"].push_back({{"layer", record.layer},
                                  {"step", record.step},
                                  {"images", record.images},
                                  {"batch", record.batch},
                                  {"rule", effect.rule},
                                  {"samples", effect.samples},
                                  {"trials", effect.trials},
                                  {"dead_share", effect.dead_share},
                                  {"gain", effect.gain},
                                  {"gain_deviation", effect.gain_deviation},
                                  {"relative_error", effect.relative_error}});
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
      {"gradients", nullptr},
      {"seconds", Json::object()},
      {"commands", report.commands},
      {"missing", Json::array()}};
  for (const TrainingRun& run : report.training)
    if (!run.epochs.empty()) json["training"][run.recipe] = json_of(run);
  if (report.crosscheck) {
    json["records"] = records_of(*report.crosscheck);
    for (const MachineCheck& check : report.crosscheck->machines)
      json["crosscheck"][check.machine] = json_of(check);
  }
  for (const Simulation& simulation : report.simulations)
    json["simulation"][simulation.accelerator] = json_of(simulation);
  if (report.gradients) json["gradients"] = json_of(*report.gradients);
  for (const Stage& stage : report.stages) json["seconds"][stage.name] = stage.seconds;
  for (const Missing& missing : report.missing)
    json["missing"].push_back(
        {{"part", missing.part}, {"why", missing.why}, {"how", text_or_null(missing.how)}});
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";  // a path may be no UTF-8
}

}  // namespace quatrain::sim::report
