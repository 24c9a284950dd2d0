#include "sim/accelerator/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace quatrain::sim {
namespace {

constexpr double uj_per_pj = 1e-6;

/// The records of one layer and phase with equal sizes.
struct Row {
  const RecordResult* first;
  UseOfArray use;
  std::uint64_t records = 0;
  Bounds energy_pj;
};

bool in_one_row(const RecordResult& a, const RecordResult& b) {
  return a.layer == b.layer && a.phase == b.phase && a.size == b.size && a.samples == b.samples;
}

std::vector<Row> rows_of(const std::vector<RecordResult>& records) {
  std::vector<Row> rows;
  for (const RecordResult& record : records) {
    auto row = std::ranges::find_if(rows, [&](const Row& other) { return in_one_row(*other.first, record); });
    if (row == rows.end()) row = rows.insert(row, {&record, {}, 0, {}});
    row->use += record.use;
    row->records += 1;
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

void add_rows(std::string& text, const Simulation& simulation) {
  constexpr std::size_t widest_layer = 24;
  std::size_t width = 5;
  for (const RecordResult& record : simulation.records)
    width = std::max(width, std::min(record.layer.size(), widest_layer));
  const auto line = [&](std::string_view layer, std::string_view phase, std::string_view size,
                        const auto&... numbers) {
    text += fmt::format("{:<{}} {:<15} {:<20}", layer.substr(0, width), width, phase, size);
    text += fmt::format(" {:>3} {:>7} {:>10} {:>5} {}\n", numbers...);
  };
  const auto share = [](const UseOfArray& use) { return fmt::format("{:.1f}", 100 * use.overall()); };
  line("", "", "", "", "", "", "use", fmt::format("uJ at {}:", simulation.technologies[0].name));
  line("layer", "phase", "m x n x k", "in", "tiles", "cycles", "%", "     low   nominal      high");
  for (const Row& row : rows_of(simulation.records))
    line(row.first->layer, name_of(row.first->phase), size_text(*row.first), row.records, row.use.tiles,
         row.use.cycles, share(row.use), energy_columns(row.energy_pj));
  line("total", "", "", simulation.records.size(), simulation.use.tiles, simulation.use.cycles,
       share(simulation.use), energy_columns(simulation.technologies[0].energy_pj));
}

void add_energy(std::string& text, const TechnologyResult& technology) {
  text += fmt::format("energy at {:<12} {} uJ: low, nominal, high\n", technology.name,
                      energy_columns(technology.energy_pj));
  for (std::size_t i = 0; i < technology.components.size();) {
    const Component component = technology.components[i].component;
    Bounds sum;
    for (; i < technology.components.size() && technology.components[i].component == component; ++i)
      sum += technology.components[i].energy_pj;
    text += fmt::format("  {:<20} {}\n", name_of(component), energy_columns(sum));
  }
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
      "replay: fidelity {} on {}: {} of {} GEMMs equal the trace; cycles {} the closed form; {} tiles "
      "checked "
      "at pe\n",
      replay.fidelity == rtl_models::Fidelity::pe ? "pe" : "array", replay.ran_on, replay.gemms_equal,
      replay.gemms, replay.cycles_equal ? "equal" : "DIFFER from", replay.pe_tiles_checked);
  for (const std::string& difference : replay.differences) text += fmt::format("DIFFERENT: {}\n", difference);
}

}  // namespace

std::string simulation_table(const Simulation& simulation) {
  const AcceleratorConfig& config = simulation.config;
  std::string text =
      fmt::format("{}: {} x {} {} PEs, output stationary, serial drain, {} MHz\n", config.name,
                  config.array.rows, config.array.columns, name_of(config.pe), config.clock_mhz);
  text += fmt::format("trace {} (model {})\n\n", simulation.trace_directory, simulation.model);
  add_rows(text, simulation);
  text += fmt::format("\n{} cycles: {:.3f} ms; the bytes alone take {:.3f} ms at {} GiB/s\n",
                      simulation.use.cycles, simulation.milliseconds(), simulation.dram_milliseconds(),
                      config.dram_gib_per_s);
  text += fmt::format(
      "{} MACs, {:.1f} % of them in range; utilization: spatial {:.1f} %, temporal {:.1f} %, "
      "overall {:.1f} %\n",
      simulation.use.macs, percent(simulation.in_range_macs, simulation.use.macs),
      100 * simulation.use.spatial(), 100 * simulation.use.temporal(), 100 * simulation.use.overall());
  text += fmt::format("bytes: left {}, right {}, result {}, quantizers {}\n", simulation.traffic.left_bytes,
                      simulation.traffic.right_bytes, simulation.traffic.result_bytes,
                      simulation.traffic.quantizer_bytes);
  for (const TechnologyResult& technology : simulation.technologies) add_energy(text, technology);
  add_replay(text, simulation);
  text += "limits:\n";
  for (const std::string& limit : limits_of(config)) text += fmt::format("  {}\n", limit);
  return text;
}

}  // namespace quatrain::sim
