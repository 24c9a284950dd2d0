#include "sim/accelerator/table.hpp"

#include "sim/accelerator/comparison.hpp"
#include "sim/accelerator/dataflow/names.hpp"
#include "sim/accelerator/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace quatrain::sim {
namespace {

constexpr double uj_per_pj = 1e-6;

std::string energy_columns(const Bounds& pj) {
  std::string text;
  for (const Bound& bound : bounds_in_order) text += fmt::format(" {:>9.3f}", uj_per_pj * pj.*bound.member);
  return text.substr(1);
}

std::string bound_headings() {
  std::string text;
  for (const Bound& bound : bounds_in_order) text += fmt::format(" {:>9}", bound.name);
  return text.substr(1);
}

/// "126 x 5 x 9" for one group; groups and samples only where there are several.
std::string size_text(const RecordResult& record) {
  std::string text = fmt::format("{} x {} x {}", record.size.m, record.size.n, record.size.k);
  if (record.size.groups > 1) text += fmt::format(" g{}", record.size.groups);
  if (record.samples > 1) text += fmt::format(" s{}", record.samples);
  return text;
}

std::string mapping_text(const MappingChoice& mapping) {
  if (const Blocks* blocks = std::get_if<Blocks>(&mapping))
    return fmt::format("mapping: order {}, blocks of {} x {} x {}\n", name_of(blocks->order), blocks->m,
                       blocks->n, blocks->k);
  if (const SearchedBlocks* search = std::get_if<SearchedBlocks>(&mapping)) switch (search->least) {
      case SearchedFor::dram_bytes:
        return "mapping: for each GEMM the blocks with the least DRAM bytes\n";
      case SearchedFor::time:
        return "mapping: for each GEMM the blocks with the least time\n";
      case SearchedFor::energy:
        return "mapping: for each GEMM the blocks with the least energy by the first technology table\n";
    }
  return "";
}

std::string memory_text(const AcceleratorConfig& config) {
  std::string text;
  if (config.buffering == Buffering::doubled) text += "double buffering: each buffer holds two blocks\n";
  const DramDetails* dram = config.stalls();
  if (dram == nullptr) return text;
  text += fmt::format("stalls: latency {} ns, bursts of {} bytes, efficiency {}", dram->latency_ns,
                      dram->burst_bytes, dram->efficiency);
  if (dram->page_bytes > 0)
    text += fmt::format(", pages of {} bytes opened in {} ns", dram->page_bytes, dram->page_miss_ns);
  return text + "\n";
}

std::string quantizer_text(const AcceleratorConfig& config) {
  std::string text;
  if (config.transposer_side)
    text = *config.transposer_side == 0
               ? "transposer: none; operands that two products take in two layouts are written twice\n"
               : fmt::format(
                     "transposer: tiles of {0} x {0} codes; its cycles are not among those of the array\n",
                     *config.transposer_side);
  if (!config.quantizers) return text;
  const QuantizerDesign& design = *config.quantizers;
  text += fmt::format("quantizers: {} lanes", design.lanes);
  if (design.sample_groups) text += fmt::format(" in each of {} groups for samples", *design.sample_groups);
  if (design.placement == QuantizerPlacement::fused) text += ", fused with what makes their tensors";
  return text + "; their cycles are not among those of the array\n";
}

std::string gating_text(const AcceleratorConfig& config) {
  std::string text;
  if (config.clock_gating != ClockGating::none)
    text += "clock gating: a PE that nothing enters or leaves has no clock\n";
  if (config.zero_gating) text += "zero gating: the logic of a PE does not switch where an operand is zero\n";
  if (config.switching == Switching::toggles)
    text += "switching: the logic of a PE is charged by the operand bits that change\n";
  if (config.banks != 1 || config.width_bits)
    text +=
        fmt::format("buffers: {} bank{}, words of {}\n", config.banks, config.banks == 1 ? "" : "s",
                    config.width_bits ? fmt::format("{} bits", *config.width_bits) : "what a cycle needs");
  if (config.unified_buffer) text += "both buffers are one memory, shared by each GEMM as it needs\n";
  return text;
}

/// What the config says, but for the technology tables: each has a table of its own below.
std::string header(const AcceleratorConfig& config) {
  return fmt::format(
      "{}: {} x {} {} PEs, {}, {} MHz, random bits: {}\n"
      "operand buffers {} KiB, accumulator buffer {} KiB, {} at {} GiB/s\n{}{}{}{}",
      config.name, config.array.rows, config.array.columns, config.pe->name,
      text_of(config.dataflow, config.convention), config.clock_mhz, name_of(config.random_source),
      config.operand_kib, config.accumulator_kib, name_of(config.dram), config.dram_gib_per_s,
      mapping_text(config.mapping), memory_text(config), quantizer_text(config), gating_text(config));
}

std::string workload_text(const WorkloadSource& workload) {
  const std::string model = base::printable(workload.name);
  if (workload.is_trace()) return fmt::format("trace {} (model {})\n", workload.place, model);
  std::string text =
      fmt::format("{} {} ({}): {}, batch {}\n", name_of(workload.kind), workload.place, model,
                  workload.phases == Phases::forward ? "forward pass" : "training step", workload.batch);
  if (workload.seed) text += fmt::format("values: {}\n", values_text(*workload.seed));
  return text;
}

std::size_t layer_width(const Simulation& simulation) {
  constexpr std::size_t narrowest = 5, widest = 24;
  std::size_t width = narrowest;
  for (const RecordResult& record : simulation.records)
    width = std::max(width, std::min(record.layer.size(), widest));
  return width;
}

/// Columns of the first table: figures with their headings, in two lines.
struct Column {
  std::string_view figure, above, heading;
  int width;
};
constexpr std::array<Column, 6> columns = {{{"tiles", "", "tiles", 7},
                                            {"cycles", "", "cycles", 10},
                                            {"macs", "", "MACs", 11},
                                            {"in_range_macs", "MACs", "in range", 11},
                                            {"utilization_overall", "overall", "use %", 7},
                                            {"utilization_in_range", "in-range", "use %", 8}}};

void add_layers(std::string& text, const Simulation& simulation, const std::vector<Part>& parts) {
  const std::size_t width = layer_width(simulation);
  const auto line = [&](std::string_view layer, std::string_view phase, std::string_view size,
                        const std::string& records, const auto& cell) {
    text += fmt::format("{:<{}} {:<15} {:<20} {:>3}", layer.substr(0, width), width, phase, size, records);
    for (const Column& column : columns) text += fmt::format(" {:>{}}", cell(column), column.width);
    text += "\n";
  };
  const auto figures_of = [&](const Tally& tally) {
    return [&](const Column& column) {
      const Figure& shown = figure(column.figure);
      return text_of(shown.quantity, shown.value(simulation.config, tally));
    };
  };
  line("", "", "", "", [](const Column& column) { return column.above; });
  line("layer", "phase", "m x n x k", "in", [](const Column& column) { return column.heading; });
  for (const Part& part : parts)
    line(part.first->layer, name_of(part.first->phase), size_text(*part.first),
         fmt::format("{}", part.tally.records), figures_of(part.tally));
  line("total", "", "", fmt::format("{}", simulation.total.records), figures_of(simulation.total));
}

/// Every figure of the total, one per line.
void add_totals(std::string& text, const Simulation& simulation) {
  text += fmt::format("\ntotal of {} records\n", simulation.total.records);
  for (const Figure& figure : figures())
    text += fmt::format("  {:<21} {:>15} {:<5}  {}\n", figure.heading,
                        text_of(figure.quantity, figure.value(simulation.config, simulation.total)),
                        unit_of(figure.quantity), figure.description);
}

/// What the time goes to, then the layers and phases that wait longer than they compute.
void add_stalls(std::string& text, const Simulation& simulation) {
  const Tally& total = simulation.total;
  const Stalls& stalls = *total.stalls;
  const std::uint64_t cycles = total.use.cycles, all = cycles + stalls.all();
  text += fmt::format(
      "time: {:.1f} % computing, {:.1f} % load-bound, {:.1f} % store-bound, {:.1f} % quantizers\n",
      percent(cycles, all), percent(stalls.load_bound, all), percent(stalls.store_bound, all),
      percent(stalls.quantizers, all));
  if (total.memory_bound == 0) {
    text += "memory-bound: none\n";
    return;
  }
  text += fmt::format("memory-bound: {} of {} records ({:.1f} %): they wait longer than they compute\n",
                      total.memory_bound, total.records, percent(total.memory_bound, total.records));
  for (const Part& part : parts_by_phase(simulation.records))
    if (part.tally.memory_bound > 0)
      text += fmt::format(
          "  {} {}: {} of {}, cycles: {} computing, {} load-bound, {} store-bound, {} quantizers\n",
          part.first->layer, name_of(part.first->phase), part.tally.memory_bound, part.tally.records,
          part.tally.use.cycles, part.tally.stalls->load_bound, part.tally.stalls->store_bound,
          part.tally.stalls->quantizers);
}

/// Layers and phases whose bytes take longer than their cycles, with their records.
void add_memory_bound(std::string& text, const Simulation& simulation) {
  const Tally& total = simulation.total;
  if (total.memory_bound == 0) {
    text += "memory-bound: none\n";
    return;
  }
  text +=
      fmt::format("memory-bound: {} of {} records ({:.1f} %): the bytes alone take longer than the cycles\n",
                  total.memory_bound, total.records, percent(total.memory_bound, total.records));
  for (const Part& part : parts_by_phase(simulation.records))
    if (part.tally.memory_bound > 0)
      text += fmt::format("  {} {}: {} of {}, {:.6f} ms of bytes, {:.6f} ms of cycles\n", part.first->layer,
                          name_of(part.first->phase), part.tally.memory_bound, part.tally.records,
                          dram_milliseconds(simulation.config, part.tally),
                          compute_milliseconds(simulation.config, part.tally));
}

void add_energy_by_layer(std::string& text, const Simulation& simulation, const std::vector<Part>& parts) {
  const std::size_t width = layer_width(simulation);
  text += fmt::format("\n{:<{}} {}\n", fmt::format("uJ at {}", simulation.technologies[0].name), width + 16,
                      bound_headings());
  for (const Part& part : parts)
    text += fmt::format("{:<{}} {:<15} {}\n", part.first->layer.substr(0, width), width,
                        name_of(part.first->phase), energy_columns(part.tally.energy_pj[0]));
}

void add_energy(std::string& text, const TechnologyResult& technology) {
  text += fmt::format("\n{:<22} {}  kind of the constants\n", fmt::format("uJ at {}", technology.name),
                      bound_headings());
  for (const ComponentTotal& total : totals_by_component(technology.components))
    text += fmt::format("  {:<20} {}  {}\n", name_of(total.component), energy_columns(total.energy_pj),
                        total.kinds);
  text += fmt::format("  {:<20} {}  {}\n", "total", energy_columns(technology.energy_pj),
                      kinds_of(technology.components));
  text += fmt::format("  voltages: {}; families: {}\n", voltages_of(technology.components),
                      families_of(technology.components));
}

void add_area(std::string& text, const TechnologyResult& technology) {
  const auto line = [&](std::string_view component, const Bounds& mm2, std::string_view kind) {
    text += fmt::format("  {:<20}", component);
    for (const Bound& bound : bounds_in_order) text += fmt::format(" {:>9.4f}", mm2.*bound.member);
    text += kind.empty() ? "\n" : fmt::format("  {}\n", kind);
  };
  text += fmt::format("\n{:<22} {}  kind of the constants\n", fmt::format("mm2 at {}", technology.name),
                      bound_headings());
  for (const ComponentArea& area : technology.area) line(area.component, area.mm2, area.per_unit.origin.kind);
  line("total", total_mm2(technology.area), "");
}

void add_replay(std::string& text, const Simulation& simulation) {
  if (!simulation.replay) {
    text += "replay: none (analytic); bits and cycles are not checked\n";
    return;
  }
  const ReplayFindings& replay = *simulation.replay;
  const rtl_models::Activity& activity = *simulation.total.activity;
  text += fmt::format("activity: {:.1f} % of the MACs have a zero operand\n",
                      percent(activity.zero_operand_macs, activity.macs));
  text += fmt::format(
      "replay: fidelity {} on {}: the accumulators of {} of {} GEMMs equal {}; cycles {} the closed "
      "form; {} tiles checked at pe\n",
      name_of(replay.fidelity), replay.ran_on, replay.gemms_equal, replay.gemms,
      replay.against_emulator ? "those of the emulator" : "the trace",
      replay.cycles_equal ? "equal" : "DIFFER from", replay.pe_tiles_checked);
  for (const std::string& difference : replay.differences) text += fmt::format("DIFFERENT: {}\n", difference);
}

void add_quantizer_replay(std::string& text, const QuantizerFindings& replay) {
  text += fmt::format(
      "quantizers: codes, scale and statistics of {} of {} equal the trace; cycles {} the closed form\n",
      replay.quantizers_equal, replay.quantizers, replay.cycles_equal ? "equal" : "DIFFER from");
  for (const std::string& difference : replay.differences) text += fmt::format("DIFFERENT: {}\n", difference);
}

}  // namespace

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string simulation_table(const Simulation& simulation) {
  std::string text = header(simulation.config);
  text += workload_text(simulation.workload) + "\n";
  const std::vector<Part> parts = parts_by_size(simulation.records);
  add_layers(text, simulation, parts);
  add_totals(text, simulation);
  if (simulation.total.stalls)
    add_stalls(text, simulation);
  else
    add_memory_bound(text, simulation);
  add_energy_by_layer(text, simulation, parts);
  for (const TechnologyResult& technology : simulation.technologies) {
    add_energy(text, technology);
    add_area(text, technology);
  }
  text += "\n";
  add_replay(text, simulation);
  if (simulation.quantizer_replay) add_quantizer_replay(text, *simulation.quantizer_replay);
  text += "limits:\n";
  for (const std::string& limit : simulation.limits) text += fmt::format("  {}\n", limit);
  return text;
}

}  // namespace quatrain::sim
