#include "sim/explain/explanation.hpp"

#include "sim/accelerator/simulate.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace quatrain::sim {
namespace {

double& of(LayerTime& time, Cause cause) { return time.cycles[static_cast<std::size_t>(cause)]; }

/// The cycles of a tally by cause. Without stalls the bytes take their time beside the cycles: what they take
/// longer is charged to loads, stores and quantizers by their bytes.
void add(LayerTime& time, const AcceleratorConfig& config, const Tally& tally) {
  const UseOfArray& use = tally.use;
  const auto cycles = static_cast<double>(use.cycles);
  // Tile after tile, `streamed` cycles feed operands; MACs / PEs of them would do on full tiles.
  const double full =
      static_cast<double>(use.macs) / static_cast<double>(config.array.rows * config.array.columns);
  const double streamed = std::min(static_cast<double>(use.streamed_cycles), cycles);
  of(time, Cause::computing) += std::min(full, streamed);
  of(time, Cause::ragged_edge) += std::max(streamed - full, 0.0);
  of(time, Cause::fill) += cycles - streamed;
  if (tally.stalls) {
    of(time, Cause::load) += static_cast<double>(tally.stalls->load_bound);
    of(time, Cause::store) += static_cast<double>(tally.stalls->store_bound);
    of(time, Cause::quantizers) += static_cast<double>(tally.stalls->quantizers);
    return;
  }
  const double waiting = tally.longer_milliseconds * config.clock_mhz * 1e3 - cycles;
  if (waiting <= 0 || tally.traffic.total_bytes() == 0) return;
  const Traffic& traffic = tally.traffic;
  const double per_byte = waiting / static_cast<double>(traffic.total_bytes());
  const double accumulators = static_cast<double>(traffic.accumulator_bytes) / 2;  // half written, half read
  of(time, Cause::load) +=
      per_byte * (static_cast<double>(traffic.left_bytes + traffic.right_bytes) + accumulators);
  of(time, Cause::store) += per_byte * (static_cast<double>(traffic.result_bytes) + accumulators);
  of(time, Cause::quantizers) += per_byte * static_cast<double>(traffic.quantizer_bytes);
}

std::vector<LayerTime> layer_times(const Simulation& simulation) {
  std::vector<LayerTime> times;
  for (const Part& part : parts_by_phase(simulation.records)) {
    times.push_back({.layer = part.first->layer, .phase = part.first->phase});
    add(times.back(), simulation.config, part.tally);
  }
  return times;
}

double cycles_of(const std::vector<LayerTime>& layers) {
  double cycles = 0;
  for (const LayerTime& layer : layers) cycles += layer.all();
  return cycles;
}

/// A key and the values to try, from the present config.
struct Key {
  std::string_view path;
  std::function<std::vector<std::string>(const AcceleratorConfig&)> values;
};

std::vector<std::string> twice_and_half(double value, double least) {
  std::vector<std::string> values = {fmt::format("{}", 2 * value)};
  if (value / 2 >= least && value / 2 == std::floor(value / 2))
    values.push_back(fmt::format("{}", value / 2));
  return values;
}

std::vector<std::string> words(std::initializer_list<std::string_view> all) {
  std::vector<std::string> values;
  for (const std::string_view word : all) values.push_back(fmt::format("\"{}\"", word));
  return values;
}

/// What can be tried: sizes twice and half as large, every other word. A value that is refused, and one that
/// the config has already, is left out later.
const std::vector<Key>& keys() {
  using Config = AcceleratorConfig;
  static const std::vector<Key> all = {
      {"array.rows", [](const Config& c) { return twice_and_half(c.array.rows, 1); }},
      {"array.columns", [](const Config& c) { return twice_and_half(c.array.columns, 1); }},
      {"array.drain",
       [](const Config&) {
         return words({"serial", "skewed", "shadow"});
       }},
      {"array.preload",
       [](const Config&) {
         return words({"exposed", "hidden"});
       }},
      {"array.dataflow",
       [](const Config&) {
         return words({"output_stationary", "weight_stationary", "input_stationary"});
       }},
      {"buffers.operand_kib", [](const Config& c) { return twice_and_half(c.operand_kib, 2); }},
      {"buffers.accumulator_kib", [](const Config& c) { return twice_and_half(c.accumulator_kib, 1); }},
      {"buffers.buffering",
       [](const Config&) {
         return words({"single", "double"});
       }},
      {"mapping",
       [](const Config&) {
         return std::vector<std::string>{R"({"search": "dram_bytes"})", R"({"search": "time"})"};
       }},
      {"dram.gib_per_s",
       [](const Config& c) { return std::vector{fmt::format("{}", 2 * c.dram_gib_per_s)}; }},
      {"dram.latency_ns",
       [](const Config& c) {
         return c.stalls() == nullptr ? std::vector<std::string>{}
                                      : std::vector{fmt::format("{}", c.stalls()->latency_ns / 2)};
       }},
  };
  return all;
}

Workload only(std::string_view layer, const Workload& workload) {
  if (layer.empty()) return workload;
  Workload part{.source = workload.source, .gemms = {}};
  std::ranges::copy_if(workload.gemms, std::back_inserter(part.gemms),
                       [&](const WorkloadGemm& gemm) { return gemm.layer == layer; });
  if (part.gemms.empty())
    throw base::Error("{}: no GEMM is of the layer '{}'; expected a layer such as '{}'",
                      workload.source.place, base::printable(std::string(layer)),
                      workload.gemms.front().layer);
  return part;
}

AcceleratorConfig read_with(const DesignText& design, std::span<const Override> overrides) {
  return read_accelerator(
      base::JsonNode::parse(with_overrides(design.text, design.name, overrides), design.name));
}

/// Nothing where a design of that kind is refused.
std::optional<double> cycles_with(const DesignText& design, const Workload& workload,
                                  const Override& change) {
  try {
    const AcceleratorConfig config = read_with(design, {&change, 1});
    return cycles_of(layer_times(simulate({.config = config, .technologies = {}}, workload)));
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace

double LayerTime::all() const { return std::accumulate(cycles.begin(), cycles.end(), 0.0); }

Cause LayerTime::bound_by() const {
  return static_cast<Cause>(std::ranges::max_element(cycles) - cycles.begin());
}

Explanation explain(const DesignText& design, const Workload& workload, std::string_view layer) {
  const Workload part = only(layer, workload);
  Explanation explanation;
  explanation.config = read_with(design, {});
  explanation.layers = layer_times(simulate({.config = explanation.config, .technologies = {}}, part));
  explanation.cycles = cycles_of(explanation.layers);
  const std::string present = to_json_object(explanation.config).dump();
  for (const Key& key : keys())
    for (const std::string& value : key.values(explanation.config)) {
      const Override change{std::string(key.path), value};
      const std::optional<double> cycles = cycles_with(design, part, change);
      if (cycles && to_json_object(read_with(design, {&change, 1})).dump() != present)
        explanation.changes.push_back({change, *cycles});
    }
  std::ranges::stable_sort(explanation.changes, {}, &Change::cycles);
  return explanation;
}

}  // namespace quatrain::sim
