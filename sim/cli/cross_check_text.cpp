#include "sim/cli/cross_check_text.hpp"

#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

void print_trace(const CrossCheck& check) {
  const MacCount& macs = check.records.macs;
  const auto share = [&](std::uint64_t part) {
    return macs.all == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(macs.all);
  };
  fmt::print("trace {}: model {}, steps {}\n", check.directory, base::printable(check.model),
             base::joined(check.steps, " "));
  fmt::print("{} gemms with {} accumulators, {} quantizers with {} codes\n", check.records.gemms,
             check.records.accumulators, check.records.quantizers, check.records.codes);
  fmt::print("{} MACs, {:.2f} % of them in range, {:.2f} % with two non-zero codes\n\n", macs.all,
             share(macs.in_range), share(macs.non_zero));
}

void print_runs(const CrossCheck& check) {
  std::size_t width = 13;
  for (const MachineFindings& machine : check.machines) width = std::max(width, machine.name.size());
  fmt::print("{:<{}}  MACs             seconds   ran on\n", "machine", width);
  for (const MachineFindings& machine : check.machines)
    if (!machine.ran_on.empty())
      fmt::print("{:<{}}  {:<15}  {:<8.2f}  {}\n", machine.name, width, machine.macs, machine.seconds,
                 machine.ran_on);
  fmt::print("\n");
}

/// Names of records; of many the first ones.
std::string some_of(const std::vector<std::string>& records) {
  constexpr std::size_t most = 8, first_ones = 3;
  if (records.size() <= most) return base::joined(records);
  const std::span<const std::string> first(records.data(), first_ones);
  return fmt::format("{} records ({}, ...)", records.size(), base::joined(first));
}

/// A reason for all quantizers or all GEMMs is said once; single records are listed.
void print_unsupported(const MachineFindings& machine, const RecordCounts& all) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const auto& [record, reason] : machine.unsupported) by_reason[reason].push_back(record);
  for (const auto& [reason, records] : by_reason) {
    std::string which = some_of(records);
    if (machine.quantizers == 0 && records.size() == all.quantizers)
      which = fmt::format("any of {} quantizers", all.quantizers);
    else if (machine.gemms == 0 && records.size() == all.gemms)
      which = fmt::format("any of {} gemms", all.gemms);
    fmt::print("{} does not support {}: {}\n", machine.name, which, reason);
  }
}

/// What the differences look like, and which mistake gives them.
void print_findings(const std::string& machine, const char* of, const DifferenceFindings& findings) {
  if (findings.pattern)
    fmt::print("{} pattern of {}: {}\n", machine, findings.pattern->record,
               base::joined(describe(*findings.pattern), "; "));
  if (!findings.diagnosis) return;
  const auto& [cause, evidence, records, explained, also] = *findings.diagnosis;
  fmt::print("{} diagnosis of {}: {}: {}", machine, of, cause, evidence);
  if (!also.empty())
    fmt::print("; so would {}", base::joined(std::span(also).first(std::min<std::size_t>(also.size(), 3))));
  fmt::print("\n");
}

void print_differences(const MachineFindings& machine) {
  if (machine.different_records() == 0) return;
  fmt::print("{} differs in {} of {} records, in {}{} of {} elements", machine.name,
             machine.different_records(), machine.records(), machine.uncounted_records > 0 ? "at least " : "",
             machine.different_elements, machine.elements);
  if (machine.uncounted_records > 0)
    fmt::print("; of {} of the records the different elements are not known", machine.uncounted_records);
  fmt::print("\n{} first difference: {}\n", machine.name, describe(*machine.first_difference));
  print_findings(machine.name, "gemms", machine.gemm_differences);
  print_findings(machine.name, "quantizers", machine.quantizer_differences);
}

/// A kernel that crashes may do so on each record: the first ones are enough to read.
void print_misbehaved(const MachineFindings& machine) {
  constexpr std::size_t shown = 10;
  for (std::size_t i = 0; i < std::min(shown, machine.misbehaved.size()); ++i)
    fmt::print("{}: {} in {}: {}\n", machine.name, name_of(machine.misbehaved[i].kind),
               machine.misbehaved[i].record, machine.misbehaved[i].text);
  if (machine.misbehaved.size() > shown)
    fmt::print("{} misbehaved in {} more records\n", machine.name, machine.misbehaved.size() - shown);
}

/// Agreement of machines against the trace says that the trace is at fault.
void print_trace_alone(const CrossCheck& check) {
  if (check.trace_alone.empty()) return;
  fmt::print(
      "the trace stands alone in {} of {} records: all machines that support them agree with each other "
      "and not with the trace; the first is {}\n",
      check.trace_alone.size(), check.records.gemms + check.records.quantizers, check.trace_alone.front());
}

void print_verdict(const MachineFindings& machine) {
  fmt::print("{} gemms {}/{} quantizers {}/{} elements {} ", machine.name, machine.gemms_equal, machine.gemms,
             machine.quantizers_equal, machine.quantizers, machine.elements);
  switch (machine.verdict()) {
    case Verdict::equal:
      fmt::print("equal\n");
      break;
    case Verdict::different:
      fmt::print("DIFFERENT\n");
      break;
    case Verdict::skipped:
      fmt::print("skipped: {}\n", machine.why_not);
      break;
  }
}

}  // namespace

void print_cross_check(const CrossCheck& check) {
  print_trace(check);
  print_runs(check);
  for (const std::string& contradiction : check.contradictions) fmt::print("the trace: {}\n", contradiction);
  for (const MachineFindings& machine : check.machines) {
    print_unsupported(machine, check.records);
    print_misbehaved(machine);
    print_differences(machine);
  }
  print_trace_alone(check);
  for (const MachineFindings& machine : check.machines) print_verdict(machine);
}

}  // namespace quatrain::sim
