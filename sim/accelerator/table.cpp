#include "sim/accelerator/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace quatrain::sim {
namespace {

constexpr double uj_per_pj = 1e-6;

/// The records of one layer and phase with equal sizes.
struct LayerPhase {
  const RecordResult* first;
  UseOfArray use;
  std::uint64_t records = 0, in_range_macs = 0;
  Bounds energy_pj;
};

bool in_one_row(const RecordResult& a, const RecordResult& b) {
  return a.layer == b.layer && a.phase == b.phase && a.size == b.size && a.samples == b.samples;
}

std::vector<LayerPhase> rows_of(const std::vector<RecordResult>& records) {
  std::vector<LayerPhase> rows;
  for (const RecordResult& record : records) {
    auto row =
        std::ranges::find_if(rows, [&](const LayerPhase& other) { return in_one_row(*other.first, record); });
    if (row == rows.end()) row = rows.insert(row, {&record, {}, 0, 0, {}});
    row->use += record.use;
    row->records += 1;
    row->in_range_macs += record.in_range_macs;
    row->energy_pj += record.energy_pj[0];
  }
  return rows;
}

std::string energy_columns(const Bounds& pj) {
  return fmt::format("{:>9.3f} {:>9.3f} {:>9.3f}", uj_per_pj * pj.low, uj_per_pj * pj.nominal,
                     uj_per_pj * pj.high);
}

/// "126 x 5 x 9" for one group; groups and samples only where there are several.
std::string size_text(const RecordResult& record) {
  std::string text = fmt::format("{} x {} x {}", record.size.m, record.size.n, record.size.k);
  if (record.size.groups > 1) text += fmt::format(" g{}", record.size.groups);
  if (record.samples > 1) text += fmt::format(" s{}", record.samples);
  return text;
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::size_t layer_width(const Simulation& simulation) {
  constexpr std::size_t narrowest = 5, widest = 24;
  std::size_t width = narrowest;
  for (const RecordResult& record : simulation.records)
    width = std::max(width, std::min(record.layer.size(), widest));
  return width;
}

void add_cycles(std::string& text, const Simulation& simulation, const std::vector<LayerPhase>& rows) {
  const std::size_t width = layer_width(simulation);
  const auto line = [&](std::string_view layer, std::string_view phase, std::string_view size,
                        const auto&... numbers) {
    text += fmt::format("{:<{}} {:<15} {:<20}", layer.substr(0, width), width, phase, size);
    text += fmt::format(" {:>3} {:>7} {:>10} {:>11} {:>11} {:>7} {:>8}\n", numbers...);
  };
  const auto share = [](double use) { return fmt::format("{:.1f}", 100 * use); };
  line("", "", "", "", "", "", "", "MACs", "overall", "in-range");
  line("layer", "phase", "m x n x k", "in", "tiles", "cycles", "MACs", "in range", "use %", "use %");
  for (const LayerPhase& row : rows)
    line(row.first->layer, name_of(row.first->phase), size_text(*row.first), row.records, row.use.tiles,
         row.use.cycles, row.use.macs, row.in_range_macs, share(row.use.overall()),
         share(row.use.overall_of(row.in_range_macs)));
  line("total", "", "", simulation.records.size(), simulation.use.tiles, simulation.use.cycles,
       simulation.use.macs, simulation.in_range_macs, share(simulation.use.overall()),
       share(simulation.use.overall_of(simulation.in_range_macs)));
}

void add_energy_by_layer(std::string& text, const Simulation& simulation,
                         const std::vector<LayerPhase>& rows) {
  const std::size_t width = layer_width(simulation);
  text += fmt::format("{:<{}}       low   nominal      high\n",
                      fmt::format("uJ at {}", simulation.technologies[0].name), width + 16);
  for (const LayerPhase& row : rows)
    text += fmt::format("{:<{}} {:<15} {}\n", row.first->layer.substr(0, width), width,
                        name_of(row.first->phase), energy_columns(row.energy_pj));
}

void add_energy(std::string& text, const TechnologyResult& technology) {
  text += fmt::format("\n{:<22}       low   nominal      high  kind of the constants\n",
                      fmt::format("uJ at {}", technology.name));
  for (const ComponentTotal& total : totals_by_component(technology.components))
    text += fmt::format("  {:<20} {}  {}\n", name_of(total.component), energy_columns(total.energy_pj),
                        total.kinds);
  text += fmt::format("  {:<20} {}  {}\n", "total", energy_columns(technology.energy_pj),
                      kinds_of(technology.components));
}

void add_replay(std::string& text, const Simulation& simulation) {
  if (!simulation.replay) {
    text += "replay: none (--cycles-only); bits and cycles are not checked\n";
    return;
  }
  const ReplaySummary& replay = *simulation.replay;
  const rtl_models::Activity& activity = *simulation.activity;
  text += fmt::format(
      "activity: {:.1f} % of the MACs have a zero operand; toggled bits: left {}, right {}, accumulators "
      "{}\n",
      percent(activity.zero_operand_macs, activity.macs), activity.left_toggles, activity.right_toggles,
      activity.accumulator_toggles);
  text += fmt::format(
      "replay: fidelity {} on {}: the accumulators of {} of {} GEMMs equal the trace; cycles {} the closed "
      "form; {} tiles checked at pe\n",
      name_of(replay.fidelity), replay.ran_on, replay.gemms_equal, replay.gemms,
      replay.cycles_equal ? "equal" : "DIFFER from", replay.pe_tiles_checked);
  for (const std::string& difference : replay.differences) text += fmt::format("DIFFERENT: {}\n", difference);
}

}  // namespace

std::string simulation_table(const Simulation& simulation) {
  const AcceleratorConfig& config = simulation.config;
  std::string text =
      fmt::format("{}: {} x {} {} PEs, output stationary, serial drain, {} MHz\n", config.name,
                  config.array.rows, config.array.columns, name_of(config.pe), config.clock_mhz);
  text +=
      fmt::format("trace {} (model {})\n\n", simulation.trace_directory, traces::printable(simulation.model));
  const std::vector<LayerPhase> rows = rows_of(simulation.records);
  add_cycles(text, simulation, rows);
  text += fmt::format("\n{} cycles: {:.3f} ms; the bytes alone take {:.3f} ms at {} GiB/s\n",
                      simulation.use.cycles, simulation.milliseconds(), simulation.dram_milliseconds(),
                      config.dram_gib_per_s);
  text += fmt::format(
      "{} MACs, {:.1f} % of them in range; utilization: spatial {:.1f} %, temporal {:.1f} %, "
      "overall {:.1f} %, in-range {:.1f} %\n",
      simulation.use.macs, percent(simulation.in_range_macs, simulation.use.macs),
      100 * simulation.use.spatial(), 100 * simulation.use.temporal(), 100 * simulation.use.overall(),
      100 * simulation.use.overall_of(simulation.in_range_macs));
  text += fmt::format("bytes: left {}, right {}, result {}, quantizers {}\n", simulation.traffic.left_bytes,
                      simulation.traffic.right_bytes, simulation.traffic.result_bytes,
                      simulation.traffic.quantizer_bytes);
  text += "\n";
  add_energy_by_layer(text, simulation, rows);
  for (const TechnologyResult& technology : simulation.technologies) add_energy(text, technology);
  text += "\n";
  add_replay(text, simulation);
  text += "limits:\n";
  for (const std::string& limit : limits_of(config)) text += fmt::format("  {}\n", limit);
  return text;
}

}  // namespace quatrain::sim
