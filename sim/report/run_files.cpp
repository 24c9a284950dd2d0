#include "sim/report/run_files.hpp"

#include "traces/base/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace quatrain::sim::report {
namespace {

using traces::JsonNode;

JsonNode open_format(const std::filesystem::path& file, std::string_view format) {
  const JsonNode root = JsonNode::read(file);
  const std::array<std::string_view, 1> formats = {format};
  root.at("format").one_of(formats);
  root.at("version").integer(1, 1);
  return root;
}

std::uint64_t count(const JsonNode& node, std::string_view key) {
  return static_cast<std::uint64_t>(node.at(key).integer(0, std::numeric_limits<std::int64_t>::max()));
}

double real(const JsonNode& node, std::string_view key) {
  constexpr double largest = std::numeric_limits<double>::max();
  return node.at(key).number(-largest, largest);
}

std::string text_or_none(const JsonNode& node, std::string_view key) {
  return !node.has(key) || node.at(key).is_null() ? "" : node.at(key).string();
}

void require_same_trace(const JsonNode& trace, const std::string& manifest_sha256) {
  const JsonNode found = trace.at("manifest_sha256");
  if (!manifest_sha256.empty() && found.string() != manifest_sha256)
    throw found.error("'{}'; expected '{}', the trace beside it: run the command again", traces::printable(found.string()),
                      manifest_sha256);
}

/// "accumulator in conv2 forward, step 0, train, row 3, column 4, k 7: expected 5, got 6", from the keys that
/// are set.
std::string difference_in_words(const JsonNode& difference) {
  std::string text = difference.at("what").string();
  const std::string part = text_or_none(difference, difference.has("phase") ? "phase" : "role");
  text += fmt::format(" in {} {}", difference.at("layer").string(), part);
  for (const char* key : {"step", "pass", "group", "row", "column", "sample", "k", "element"}) {
    if (!difference.has(key) || difference.at(key).is_null()) continue;
    const JsonNode value = difference.at(key);
    if (value.is_string())
      text += fmt::format(", {}", value.string());
    else
      text += fmt::format(", {} {}", key, count(difference, key));
  }
  text +=
      fmt::format(": expected {}, got {}", difference.at("expected").string(), difference.at("got").string());
  if (const std::string why = text_or_none(difference, "why_no_k"); !why.empty())
    text += fmt::format(" (no k: {})", why);
  return text;
}

MachineCheck read_machine(const std::string& name, const JsonNode& node) {
  constexpr std::array<std::string_view, 3> verdicts = {"equal", "different", "skipped"};
  MachineCheck check;
  check.machine = name;
  check.verdict = verdicts[node.at("verdict").one_of(verdicts)];
  check.reason = text_or_none(node, "reason");
  check.ran_on = text_or_none(node, "ran_on");
  check.gemms = count(node, "gemms");
  check.gemms_equal = count(node, "gemms_equal");
  check.quantizers = count(node, "quantizers");
  check.quantizers_equal = count(node, "quantizers_equal");
  check.elements = count(node, "elements");
  check.macs = count(node, "macs");
  check.seconds = real(node, "seconds");
  for (const JsonNode& item : node.at("unsupported").items())
    check.unsupported.push_back({item.at("record").string(), item.at("reason").string()});
  const JsonNode difference = node.at("first_difference");
  if (!difference.is_null()) check.first_difference = difference_in_words(difference);
  if (check.verdict == "different" && check.first_difference.empty())
    throw difference.error("null; expected the first difference of a machine that is 'different'");
  return check;
}

Bounds read_bounds(const JsonNode& node) {
  return {real(node, "low"), real(node, "nominal"), real(node, "high")};
}

Activity read_activity(const JsonNode& node) {
  return {count(node, "macs"), count(node, "zero_operand_macs"), count(node, "left_toggles"),
          count(node, "right_toggles"), count(node, "accumulator_toggles")};
}

Replay read_replay(const JsonNode& node) {
  Replay replay{.fidelity = node.at("fidelity").string(),
                .ran_on = node.at("ran_on").string(),
                .gemms = count(node, "gemms"),
                .gemms_equal = count(node, "gemms_equal"),
                .pe_tiles_checked = count(node, "pe_tiles_checked"),
                .cycles_equal = node.at("cycles_equal").boolean(),
                .differences = {}};
  for (const JsonNode& line : node.at("differences").items()) replay.differences.push_back(line.string());
  return replay;
}

TechnologyEnergy read_technology(const std::string& name, const JsonNode& node) {
  TechnologyEnergy technology;
  technology.node = name;
  technology.energy_pj = {real(node, "energy_pj_low"), real(node, "energy_pj_nominal"),
                          real(node, "energy_pj_high")};
  for (const JsonNode& item : node.at("components").items())
    technology.components.push_back({.component = item.at("component").string(),
                                     .unit = item.at("unit").string(),
                                     .kind = item.at("kind").string(),
                                     .source = item.at("source").string(),
                                     .events = count(item, "events"),
                                     .pj_per_event = read_bounds(item.at("pj_per_event")),
                                     .energy_pj = read_bounds(item.at("energy_pj"))});
  return technology;
}

/// Adds a record to the part of its layer and phase.
void add_record(const JsonNode& record, std::vector<SimulatedPart>& parts) {
  const std::string layer = record.at("layer").string(), phase = record.at("phase").string();
  auto part = std::find_if(parts.begin(), parts.end(), [&](const SimulatedPart& candidate) {
    return candidate.layer == layer && candidate.phase == phase;
  });
  if (part == parts.end()) {
    parts.push_back({.layer = layer, .phase = phase, .energy_pj = {}});
    part = parts.end() - 1;
  }
  part->cycles += count(record, "cycles");
  part->macs += count(record, "macs");
  part->in_range_macs += count(record, "in_range_macs");
  for (const std::string_view side : byte_words) part->bytes += count(record.at("bytes"), side);
  for (const auto& [node, energy] : record.at("energy_pj").members()) {
    auto found = std::find_if(part->energy_pj.begin(), part->energy_pj.end(),
                              [&](const auto& entry) { return entry.first == node; });
    if (found == part->energy_pj.end()) found = part->energy_pj.insert(found, {node, {}});
    found->second += read_bounds(energy);
  }
}

/// What a run is called beside others, after how it rounds gradients.
std::string recipe_of(const emu::TrainingConfig& config) {
  if (config.quantize.gradient == emu::GradientRule::luq) return "luq";
  if (config.quantize.gradient == emu::GradientRule::nearest) return "nearest";
  return config.quantize.forward == emu::ForwardRule::none ? "fp32" : "fp32_gradient";
}

}  // namespace

TrainingRun read_training_run(const std::filesystem::path& directory) {
  TrainingRun run;
  run.config = emu::read_training_config(JsonNode::read(directory / "config.json"));
  run.recipe = recipe_of(run.config);
  run.epochs = emu::read_epochs(directory);
  run.step_losses = emu::read_step_losses(directory);
  return run;
}

CrossCheck read_crosscheck(const std::filesystem::path& file, const std::string& manifest_sha256) {
  const JsonNode root = open_format(file, "quatrain-crosscheck");
  const JsonNode trace = root.at("trace"), records = root.at("records");
  require_same_trace(trace, manifest_sha256);
  CrossCheck check{.model = trace.at("model").string(),
                   .steps = {},
                   .gemms = count(records, "gemms"),
                   .quantizers = count(records, "quantizers"),
                   .macs = count(records, "macs"),
                   .in_range_macs = count(records, "in_range_macs"),
                   .non_zero_macs = count(records, "non_zero_macs"),
                   .accumulators = count(records, "accumulators"),
                   .codes = count(records, "codes"),
                   .contradictions = {},
                   .equal = root.at("equal").boolean(),
                   .machines = {}};
  for (const JsonNode& step : trace.at("steps").items()) check.steps.push_back(step.integer(0, UINT32_MAX));
  for (const JsonNode& line : root.at("contradictions").items())
    check.contradictions.push_back(line.string());
  for (const auto& [name, node] : root.at("machines").members())
    check.machines.push_back(read_machine(name, node));
  return check;
}

Simulation read_simulation(const std::filesystem::path& file, const std::string& manifest_sha256) {
  const JsonNode root = open_format(file, "quatrain-simulation");
  require_same_trace(root.at("trace"), manifest_sha256);
  Simulation simulation;
  simulation.accelerator = root.at("accelerator").string();
  simulation.scope = root.at("scope").string();
  const JsonNode config = root.at("config"), array = config.at("array");
  simulation.pe = config.at("pe").string();
  simulation.rows = array.at("rows").integer(1, INT32_MAX);
  simulation.columns = array.at("columns").integer(1, INT32_MAX);
  simulation.clock_mhz = real(config, "clock_mhz");
  simulation.cycles = count(root, "cycles");
  simulation.macs = count(root, "macs");
  simulation.in_range_macs = count(root, "in_range_macs");
  simulation.milliseconds = real(root, "milliseconds");
  simulation.dram_milliseconds = real(root, "dram_milliseconds");
  const JsonNode bytes = root.at("bytes"), utilization = root.at("utilization");
  for (std::size_t i = 0; i < byte_words.size(); ++i) simulation.bytes[i] = count(bytes, byte_words[i]);
  simulation.utilization = {real(utilization, "spatial"), real(utilization, "temporal"),
                            real(utilization, "overall")};
  if (const JsonNode node = root.at("activity"); !node.is_null()) simulation.activity = read_activity(node);
  if (const JsonNode node = root.at("replay"); !node.is_null()) simulation.replay = read_replay(node);
  for (const JsonNode& record : root.at("records").items()) add_record(record, simulation.parts);
  for (const auto& [name, node] : root.at("technologies").members())
    simulation.technologies.push_back(read_technology(name, node));
  for (const JsonNode& limit : root.at("limits").items()) simulation.limits.push_back(limit.string());
  return simulation;
}

std::vector<Stage> read_stages(const std::filesystem::path& file) {
  const JsonNode root = open_format(file, "quatrain-stages");
  std::vector<Stage> stages;
  for (const auto& [name, seconds] : root.at("seconds").members())
    stages.push_back({name, seconds.number(0, 1e9), root.at("commands").at(name).string()});
  return stages;
}

}  // namespace quatrain::sim::report
