#include "tests/sim/verify/fault_matrix.hpp"

#include "sim/machines.hpp"
#include "sim/verify/cross_check.hpp"
#include "tests/faults/emu_faults.hpp"
#include "tests/faults/kernel_faults.hpp"
#include "tests/faults/systemc_faults.hpp"
#include "tests/sim/verify/case_trace.hpp"
#include "tests/support/machine_results.hpp"
#include "traces/base/error.hpp"
#include "traces/format/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace quatrain::tests {
namespace {

using sim::CrossCheck;
using sim::Difference;
using sim::MachineFindings;
using sim::Verdict;

std::string text_of(const GemmCase& c) {
  const traces::GemmSize size = traces::gemm_size(c.gemm.phase, c.gemm.geometry);
  std::string text = fmt::format("{}, {} x {}, m {}, n {}, k {}", traces::name_of(c.gemm.phase),
                                 traces::name_of(c.left_encoding), traces::name_of(c.right_encoding), size.m,
                                 size.n, size.k);
  if (size.groups > 1) text += fmt::format(", {} groups", size.groups);
  if (c.right.size() > 1) text += fmt::format(", {} samples", c.right.size());
  if (!c.gemm.accumulator.is_exact()) text += ", " + traces::text_of(c.gemm.accumulator);
  return text;
}

std::string text_of(const QuantizerCase& c) {
  std::string text = fmt::format("{}, {} elements", traces::name_of(c.task.rule), c.source.size());
  if (c.task.rule == traces::Rule::luq_fp4) text += fmt::format(", {} random bits", c.task.random_bits);
  return text;
}

std::string text_of(const Difference& difference) {
  std::string text = difference.what;
  if (difference.place)
    text += fmt::format(", group {}, row {}, column {}", difference.place->group, difference.place->row,
                        difference.place->column);
  else if (difference.element)
    text += fmt::format(", element {}", *difference.element);
  if (difference.sample) text += fmt::format(", sample {}", *difference.sample);
  if (difference.k) text += fmt::format(", k {}", *difference.k);
  return text;
}

/// What is said of the place, against where the fault was planted.
bool is_at(const Difference& difference, const PlantedFault& fault) {
  const ExpectedPlace& place = fault.place;
  if (fault.quantizer) return !difference.element || *difference.element == place.element;
  if (difference.k != place.k) return false;
  if (difference.k && difference.sample.value_or(0) != place.sample.value_or(0)) return false;
  return !difference.place || *difference.place == sim::ResultPlace{place.group, place.row, place.column};
}

/// A stale operand is another GEMM's: one of the same sizes, with zeros on the right, goes before.
std::vector<GemmCase> steps_of(const PlantedFault& fault) {
  std::vector<GemmCase> steps{*fault.gemm};
  if (fault.kind != "stale") return steps;
  for (auto& codes : steps[0].right) std::fill(codes.begin(), codes.end(), std::uint8_t{0});
  steps.push_back(*fault.gemm);
  return steps;
}

bool shows(traces::Machine& machine, const SharpGemm& sharp) try {
  const GemmCase& c = sharp.c;
  if (machine.refuses(c.gemm, c.left_encoding, c.right_encoding)) return false;
  return !difference(multiply(machine, c), sharp.expected).empty();
} catch (const base::Error&) {
  return true;
}

bool shows(traces::Machine& machine, const SharpQuantizer& sharp) try {
  if (machine.refuses(sharp.c.task.rule)) return false;
  return !difference(machine.quantize(task_of(sharp.c)), sharp.expected).empty();
} catch (const base::Error&) {
  return true;
}

template <typename Case>
std::string first_shown(traces::Machine& machine, const std::vector<Case>& cases) {
  const auto found = std::ranges::find_if(cases, [&](const Case& sharp) { return shows(machine, sharp); });
  return found == cases.end() ? "" : found->name;
}

class Matrix {
 public:
  /// SystemC elaborates once per process: every machine is made before one computes.
  explicit Matrix(std::filesystem::path directory) : directory_(std::move(directory)) {
    const std::vector<std::string> all = sim::known_machines();
    healthy_ = sim::make_machines(all, pool_);
    for (auto list : {emu_faults(), systemc_faults(), kernel_faults()})
      for (PlantedFault& fault : list) faults_.push_back(std::move(fault));
    for (const PlantedFault& fault : faults_) faulty_.push_back(fault.make());
  }

  std::vector<MatrixRow> run() {
    std::vector<MatrixRow> rows;
    for (std::size_t i = 0; i < faults_.size(); ++i) rows.push_back(run(faults_[i], *faulty_[i]));
    return rows;
  }

 private:
  MatrixRow run(const PlantedFault& fault, traces::Machine& faulty) {
    MatrixRow row{
        fault.machine, fault.id.substr(fault.id.find('/') + 1), fault.site, fault.kind, "", "", "", ""};
    row.shown_by = fault.gemm ? text_of(*fault.gemm) : text_of(*fault.quantizer);
    const CrossCheck check = check_with(fault, faulty);
    unsigned witnesses = 0;
    for (const MachineFindings& machine : check.machines) {
      if (&machine == &check.machines.back()) continue;
      witnesses += machine.verdict() == Verdict::equal;
      if (machine.verdict() == Verdict::different)
        row.complaint = fmt::format("healthy {}: {}", machine.name, sim::describe(*machine.first_difference));
    }
    if (witnesses == 0) row.complaint = "no healthy machine computed it";
    if (const auto& difference = check.machines.back().first_difference) {
      row.reported = text_of(*difference);
      if (!is_at(*difference, fault))
        row.complaint = fmt::format("reported elsewhere: {}", sim::describe(*difference));
    } else {
      row.complaint = "not caught";
    }
    row.sharp_case = fault.gemm ? first_shown(faulty, sharp_gemms_) : first_shown(faulty, sharp_quantizers_);
    return row;
  }

  CrossCheck check_with(const PlantedFault& fault, traces::Machine& faulty) {
    const std::filesystem::path trace = directory_ / std::to_string(traces_++);
    if (fault.gemm)
      write_gemm_trace(trace, steps_of(fault));
    else
      write_quantizer_trace(trace, *fault.quantizer);
    base::SilentProgress progress;
    traces::check_trace(trace, progress);
    std::vector<sim::Candidate> candidates;
    for (const auto& entry : healthy_) candidates.push_back({entry.name, entry.machine.get(), entry.why_not});
    candidates.push_back({"faulty " + faulty.name(), &faulty, ""});
    return sim::cross_check(traces::TraceReader(trace), candidates, {}, progress);
  }

  std::filesystem::path directory_;
  base::ThreadPool pool_;
  std::vector<sim::RegisteredMachine> healthy_;
  std::vector<PlantedFault> faults_;
  std::vector<std::unique_ptr<traces::Machine>> faulty_;
  const std::vector<SharpGemm> sharp_gemms_ = sharp_gemms();
  const std::vector<SharpQuantizer> sharp_quantizers_ = sharp_quantizers();
  unsigned traces_ = 0;
};

constexpr const char* preface = R"(# Fault matrix

Mistakes planted inside each machine, one at a time, and what `quatrain verify` says of them. Each row is a run: a trace
with the smallest record that shows the fault, written from the exact oracle (`tests/support/exact_oracle.hpp`), and the
faulty machine beside every healthy one. A row holds only if verify points at the right element and, for a wrong
accumulator, at the right k, and if every healthy machine is equal (the control). A fault of kind `stale` gets a GEMM of
the same sizes with zeros on the right before its own. The kernels of `cuda.*` and `simt.*` are one source: their faults
are planted in the latter.

Which test catches a fault:
- `sim_fault_matrix_test`: every one, through verify. This page is what `fault_matrix` prints; the test fails when it is
  not, or when a row does not hold.
- `exact_planted_faults_test`: every one, against the oracle without verify, in a test named after machine and fault:
  `EveryPlantedFault.ShowsAtItsPlaceAndOnlyWhenPlanted/emu_naive_wrong_product`.
- `exact_sharp_test`: those with an entry in the last column. It is the first case of the sharp suites
  (`tests/support/sharp_gemms.hpp`, `sharp_tensors.hpp`), which need no trace, whose bits the fault changes.

How many faults there are by site and machine:
)";

}  // namespace

std::vector<MatrixRow> run_fault_matrix(const std::filesystem::path& directory) {
  return Matrix(directory).run();
}

std::string fault_matrix_page(const std::vector<MatrixRow>& rows) {
  std::map<std::string, std::map<std::string, unsigned>> counts;  // [site][machine]
  std::vector<std::string> machines;
  for (const MatrixRow& row : rows) {
    ++counts[row.site][row.machine];
    if (std::ranges::find(machines, row.machine) == machines.end()) machines.push_back(row.machine);
  }
  std::string page = preface;
  page += "\n| site |";
  for (const std::string& machine : machines) page += fmt::format(" {} |", machine);
  page += "\n|---|" + [&] {
    std::string rule;
    for (std::size_t i = 0; i < machines.size(); ++i) rule += "---|";
    return rule;
  }();
  for (auto& [site, of_machine] : counts) {
    page += fmt::format("\n| {} |", site);
    for (const std::string& machine : machines)
      page += of_machine[machine] == 0 ? " |" : fmt::format(" {} |", of_machine[machine]);
  }
  page +=
      "\n\n| machine | fault | site | kind | record | verify reports (`sim_fault_matrix_test`) "
      "| sharp case (`exact_sharp_test`) |\n|---|---|---|---|---|---|---|\n";
  for (const MatrixRow& row : rows)
    page += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", row.machine, row.fault, row.site, row.kind,
                        row.shown_by, row.complaint.empty() ? row.reported : "**" + row.complaint + "**",
                        row.sharp_case);
  return page;
}

}  // namespace quatrain::tests
