#include "sim/report/difference_map.hpp"
#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"
#include "traces/base/enumeration.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace quatrain::sim::report {
namespace {

std::string ratio(std::uint64_t equal, std::uint64_t all) { return fmt::format("{}/{}", equal, all); }

Cell verdict_cell(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal:
      return {"equal", Tone::good};
    case Verdict::different:
      return {"DIFFERENT", Tone::bad};
    case Verdict::skipped:
      break;
  }
  return {"skipped", Tone::faint};
}

std::vector<Cell> machine_row(const MachineFindings& machine) {
  const Verdict verdict = machine.verdict();
  if (verdict == Verdict::skipped)
    return {machine.name, verdict_cell(verdict), {machine.why_not, Tone::faint}, "", "", "", "", ""};
  return {machine.name,
          verdict_cell(verdict),
          machine.ran_on,
          ratio(machine.gemms_equal, machine.gemms),
          ratio(machine.quantizers_equal, machine.quantizers),
          grouped(machine.elements),
          grouped(machine.macs),
          fmt::format("{:.1f}", machine.seconds)};
}

/// One row per machine and reason; report.json has every record.
Table unsupported_table(const CrossCheck& check) {
  constexpr std::size_t most_named = 3;
  Table table{
      .title = "Records that a machine does not support",
      .columns = {{"machine", Align::left}, {"records"}, {"reason", Align::left}, {"which", Align::left}},
      .rows = {},
      .is_detail = true};
  for (const MachineFindings& machine : check.machines) {
    std::vector<std::pair<std::string, std::vector<std::string>>> by_reason;
    for (const UnsupportedRecord& entry : machine.unsupported) {
      auto found = std::find_if(by_reason.begin(), by_reason.end(),
                                [&](const auto& known) { return known.first == entry.reason; });
      if (found == by_reason.end()) found = by_reason.insert(found, {entry.reason, {}});
      found->second.push_back(entry.record);
    }
    for (const auto& [reason, records] : by_reason) {
      const auto named = std::span(records).first(std::min(most_named, records.size()));
      table.rows.push_back({machine.name, grouped(records.size()), reason,
                            base::joined(named) + (records.size() > most_named ? ", ..." : "")});
    }
  }
  return table;
}

/// One row per kernel and kind; report.json has every record.
Table misbehaved_table(const CrossCheck& check) {
  Table table{.title = "Kernels that did not give a result",
              .columns = {{"machine", Align::left},
                          {"what", Align::left},
                          {"records"},
                          {"first record", Align::left},
                          {"there", Align::left}},
              .rows = {}};
  for (const MachineFindings& machine : check.machines)
    for (const Misbehaviour kind : base::all_of<Misbehaviour>) {
      std::vector<const MisbehavedRecord*> records;
      for (const MisbehavedRecord& record : machine.misbehaved)
        if (record.kind == kind) records.push_back(&record);
      if (!records.empty())
        table.rows.push_back({machine.name,
                              {std::string(name_of(kind)), Tone::bad},
                              grouped(records.size()),
                              records.front()->record,
                              records.front()->text});
    }
  return table;
}

}  // namespace

std::optional<Section> crosscheck_section(const Report& report) {
  if (!report.crosscheck) return std::nullopt;
  const CrossCheck& check = *report.crosscheck;
  Section section{.title = "Cross-check: the same bits on every machine",
                  .text = {},
                  .charts = {},
                  .tables = {},
                  .limits = {}};
  const RecordCounts& records = check.records;
  section.text = {
      fmt::format("Each machine recomputed the records of the trace of {} (steps {}) from its operands and "
                  "sources: {} "
                  "GEMMs and {} quantizers, {} accumulators and {} codes, compared bit for bit.",
                  check.model, base::joined(check.steps), grouped(records.gemms), grouped(records.quantizers),
                  grouped(records.accumulators), grouped(records.codes)),
      fmt::format("{} MACs, {} of them in range, {} with two non-zero operands.", grouped(records.macs.all),
                  grouped(records.macs.in_range), grouped(records.macs.non_zero)),
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
                    .columns = {{"machine", Align::left},
                                {"records that differ"},
                                {"elements that differ"},
                                {"where", Align::left}},
                    .rows = {}};
  for (const MachineFindings& machine : check.machines) {
    table.rows.push_back(machine_row(machine));
    if (machine.first_difference)
      differences.rows.push_back(
          {{machine.name, Tone::bad},
           grouped(machine.different_records()),
           (machine.uncounted_records > 0 ? "at least " : "") + grouped(machine.different_elements),
           describe(*machine.first_difference)});
  }
  section.tables.push_back(std::move(table));
  if (!differences.rows.empty()) section.tables.push_back(std::move(differences));
  if (Table misbehaved = misbehaved_table(check); !misbehaved.rows.empty())
    section.tables.push_back(std::move(misbehaved));
  add_differences(check, section);
  if (!check.trace_alone.empty()) {
    Table alone{.title = "Records in which all machines agree with each other and not with the trace",
                .columns = {{"record", Align::left}},
                .rows = {}};
    for (const std::string& record : check.trace_alone) alone.rows.push_back({{record, Tone::bad}});
    section.tables.push_back(std::move(alone));
  }
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
