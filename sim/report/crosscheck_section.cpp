#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quatrain::sim::report {
namespace {

std::string joined(const std::string& so_far, const std::string& word) {
  return so_far.empty() ? word : so_far + ", " + word;
}

std::string ratio(std::uint64_t equal, std::uint64_t all) { return fmt::format("{}/{}", equal, all); }

bool is_skipped(const MachineCheck& check) { return check.verdict == "skipped"; }

std::vector<Cell> machine_row(const MachineCheck& check) {
  if (is_skipped(check))
    return {check.machine, verdict_cell(check), {check.reason, Tone::faint}, "", "", "", "", ""};
  return {check.machine,
          verdict_cell(check),
          check.ran_on,
          ratio(check.gemms_equal, check.gemms),
          ratio(check.quantizers_equal, check.quantizers),
          grouped(check.elements),
          grouped(check.macs),
          fmt::format("{:.1f}", check.seconds)};
}

/// A row a machine and reason; report.json has every record.
Table unsupported_table(const CrossCheck& check) {
  constexpr std::size_t most_named = 3;
  Table table{
      .title = "Records that a machine does not support",
      .columns = {{"machine", Align::left}, {"records"}, {"reason", Align::left}, {"which", Align::left}},
      .rows = {},
      .is_detail = true};
  for (const MachineCheck& machine : check.machines) {
    std::vector<std::pair<std::string, std::vector<std::string>>> by_reason;
    for (const Unsupported& entry : machine.unsupported) {
      auto found = std::find_if(by_reason.begin(), by_reason.end(),
                                [&](const auto& known) { return known.first == entry.reason; });
      if (found == by_reason.end()) found = by_reason.insert(found, {entry.reason, {}});
      found->second.push_back(entry.record);
    }
    for (const auto& [reason, records] : by_reason) {
      std::string which;
      for (std::size_t i = 0; i < std::min(most_named, records.size()); ++i)
        which = joined(which, records[i]);
      if (records.size() > most_named) which += ", ...";
      table.rows.push_back({machine.machine, grouped(records.size()), reason, which});
    }
  }
  return table;
}

}  // namespace

Cell verdict_cell(const MachineCheck& check) {
  if (is_skipped(check)) return {"skipped", Tone::faint};
  return check.verdict == "equal" ? Cell("equal", Tone::good) : Cell("DIFFERENT", Tone::bad);
}

std::string where_kernels_ran(const CrossCheck& check) {
  std::string on_gpu, on_cpu, device;
  for (const MachineCheck& machine : check.machines) {
    if (is_skipped(machine)) continue;
    if (machine.machine.starts_with("cuda.")) {
      on_gpu = joined(on_gpu, machine.machine);
      device = machine.ran_on;
    }
    if (machine.machine.starts_with("simt.")) on_cpu = joined(on_cpu, machine.machine);
  }
  const std::string cpu =
      on_cpu.empty() ? "" : fmt::format(" On the CPU runtime, from the same source: {}.", on_cpu);
  if (!on_gpu.empty()) return fmt::format("CUDA kernels on a GPU ({}): {}.{}", device, on_gpu, cpu);
  return fmt::format("No GPU took part.{}", cpu);
}

std::optional<Section> crosscheck_section(const Report& report) {
  if (!report.crosscheck) return std::nullopt;
  const CrossCheck& check = *report.crosscheck;
  Section section{.title = "Cross-check: the same bits on every machine",
                  .text = {},
                  .charts = {},
                  .tables = {},
                  .limits = {}};
  std::string steps;
  for (const std::int64_t step : check.steps) steps = joined(steps, fmt::format("{}", step));
  section.text = {
      fmt::format("Each machine recomputed the records of the trace of {} (steps {}) from its operands and "
                  "sources: {} "
                  "GEMMs and {} quantizers, {} accumulators and {} codes, compared bit for bit.",
                  check.model, steps, grouped(check.gemms), grouped(check.quantizers),
                  grouped(check.accumulators), grouped(check.codes)),
      fmt::format("{} MACs, {} of them in range, {} with two non-zero operands.", grouped(check.macs),
                  grouped(check.in_range_macs), grouped(check.non_zero_macs)),
      where_kernels_ran(check)};
  Table table{.title = "Machines",
              .columns = {{"machine", Align::left},
                          {"verdict", Align::left},
                          {"ran on", Align::left},
                          {"GEMMs equal"},
                          {"quantizers equal"},
                          {"elements"},
                          {"MACs"},
                          {"seconds"}},
              .rows = {}};
  Table differences{.title = "First difference of each machine",
                    .columns = {{"machine", Align::left}, {"where", Align::left}},
                    .rows = {}};
  for (const MachineCheck& machine : check.machines) {
    table.rows.push_back(machine_row(machine));
    if (!machine.first_difference.empty())
      differences.rows.push_back({{machine.machine, Tone::bad}, machine.first_difference});
  }
  section.tables.push_back(std::move(table));
  if (!differences.rows.empty()) section.tables.push_back(std::move(differences));
  if (!check.contradictions.empty()) {
    Table contradictions{
        .title = "Records that contradict themselves", .columns = {{"record", Align::left}}, .rows = {}};
    for (const std::string& line : check.contradictions) contradictions.rows.push_back({{line, Tone::bad}});
    section.tables.push_back(std::move(contradictions));
  }
  if (Table unsupported = unsupported_table(check); !unsupported.rows.empty())
    section.tables.push_back(std::move(unsupported));
  section.limits = {
      "Equal here means equal on these operands. The machines share tables and sizes, no arithmetic; a rule "
      "that all of them misread would pass."};
  return section;
}

}  // namespace quatrain::sim::report
