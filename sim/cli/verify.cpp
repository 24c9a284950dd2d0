/// quatrain verify: every machine against a trace, bit for bit.
#include "rtl_models/machine.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/cross_check_text.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/external/machine.hpp"
#include "sim/machines.hpp"
#include "sim/records/outputs.hpp"
#include "sim/records/recorded.hpp"
#include "sim/verify/cross_check.hpp"
#include "sim/verify/cross_check_json.hpp"
#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/check.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* verify_examples = R"(
TRACE is a directory written by `quatrain train --trace`, or by any program that follows docs/trace-format.md. The
trace itself is checked first, as `quatrain trace check` does.

A record is one quantization or one GEMM (matrix product). Every machine computes every record that it supports.
Accumulators, scales, outputs and codes must have the recorded bits. The last lines have one machine each:
  MACHINE gemms A/B quantizers C/D elements E equal|DIFFERENT|skipped: reason
A of the B supported GEMMs are equal, and C of the D supported quantizers. E elements were compared.

--kernel takes a shared library with the C interface of quatrain/kernel_abi.h. It runs in a process of its own, and
each record is computed twice. A crash, a hang, a write out of bounds or an exit is a difference of that record.
emu.blocked runs beside it, because the first wrong k needs a machine that is right. --machines chooses others.

Exit codes:
  0    every supported record of every machine is equal, and at least one was checked
  1    a difference
  2    bad input, or a machine that was named cannot run here

Examples:
  quatrain verify runs/mine/trace
      every machine that can run here, but the slow *.literal
  quatrain verify runs/mine/trace --machines emu,systemc.array
      machines by name or beginning of a name; `quatrain machines` lists them
  quatrain verify runs/mine/trace --json runs/mine/crosscheck.json
      the findings for programs, and for `quatrain report`
  quatrain verify runs/mine/trace --replayed runs/mine/simulation/luq_32x32.json
      after `quatrain sim`: what was replayed there is not computed again
  quatrain verify runs/mine/trace --machines simt --simt-checks
      races and wild accesses of our CUDA kernels
  quatrain verify runs/mine/trace --kernel ./mine.so
      a kernel of your own (docs/guides/kernel.md))";

struct TypedVerify {
  std::string trace, machines, json, replayed;
  std::uint64_t result_limit_mib = CrossCheckOptions{}.result_limit_mib;
  std::uint64_t pe_macs = 20'000'000;  ///< a few seconds: about 7e6 MACs a second on a 32 x 32 array
  unsigned threads = 0;
  std::vector<std::string> kernels;
  unsigned kernel_seconds = 60;
  bool simt_checks = false;
  bool are_named() const { return !machines.empty(); }
};

/// What --machines names. Without it all but the slow ones, or beside a kernel one that is fast.
std::vector<std::string> machines_typed(const TypedVerify& typed) try {
  if (typed.are_named()) return machines_named(typed.machines);
  return typed.kernels.empty() ? quick_machines() : std::vector<std::string>{"emu.blocked"};
} catch (const base::Error& error) {
  throw base::Error("--machines: {}", error.what());
}

/// Registry, and what this run leaves out of it.
std::vector<RegisteredMachine> machines_for(const TypedVerify& typed, const traces::Manifest& manifest,
                                            base::ThreadPool& pool) {
  std::vector<std::string> wanted = machines_typed(typed);
  const std::uint64_t macs = macs_of(manifest);
  const bool leaves_pe = !typed.are_named() && typed.kernels.empty() && macs > typed.pe_macs;
  if (leaves_pe) std::erase(wanted, "systemc.pe");
  std::vector<RegisteredMachine> machines = make_machines(wanted, pool, typed.simt_checks);
  bool has_checks = false;
  for (RegisteredMachine& machine : machines) {
    const bool is_wanted = std::find(wanted.begin(), wanted.end(), machine.name) != wanted.end();
    if (typed.are_named() && is_wanted && !machine.machine)
      throw base::Error("--machines: {} cannot run here: {}", machine.name, machine.why_not);
    has_checks |= machine.machine != nullptr && machine.name.starts_with("simt.");
    if (leaves_pe && machine.name == "systemc.pe")
      machine.why_not = fmt::format("slow, and the trace has {} MACs, above --pe-macs {}; name it to run it",
                                    macs, typed.pe_macs);
  }
  if (typed.simt_checks && !has_checks)
    throw base::Error("--simt-checks: no simt machine runs; expected one among --machines");
  return machines;
}

std::vector<RegisteredMachine> kernels_for(const TypedVerify& typed, base::ThreadPool& pool) try {
  const external::KernelSettings settings{.patience = std::chrono::seconds(typed.kernel_seconds),
                                          .stops = interrupted,
                                          .printed = [](std::string_view line) { print_to_stderr(line); }};
  return make_machines(external::machine_offers({typed.kernels.begin(), typed.kernels.end()}, settings),
                       pool);
} catch (const base::Interrupted&) {
  throw;
} catch (base::Error& error) {
  error.add_context("--kernel");
  throw;
}

/// The libraries are what the result depends on, too.
Provenance with_kernels(const TypedVerify& typed, Provenance provenance) {
  for (const std::string& library : typed.kernels)
    provenance.inputs.push_back({library, traces::sha256_of_file(library)});
  return provenance;
}

/// Training GEMMs that systemc.array has computed for `quatrain sim` already, bit for bit as the trace has
/// them; none unless all were equal, on an array of the same size.
std::set<std::string> proven_by(const std::string& simulation_file, const traces::TraceReader& trace) {
  const Simulation simulation = read_simulation(simulation_file, trace.manifest_sha256());
  const bool is_same_array = simulation.config.array == rtl_models::machine_array && simulation.replay &&
                             simulation.replay->fidelity == rtl_models::Fidelity::array;
  std::set<std::string> proven;
  if (!is_same_array || !simulation.replay->equal()) return proven;
  for (const traces::GemmRecord& record : trace.manifest().gemms)
    if (record.pass == traces::Pass::train) proven.insert(name_of(trace.manifest(), record));
  return proven;
}

/// The library does not know how users set its limit.
CrossCheck compared(const traces::TraceReader& trace, const std::vector<Candidate>& candidates,
                    std::uint64_t result_limit_mib, base::Progress& progress) try {
  return cross_check(trace, candidates, {.result_limit_mib = result_limit_mib, .stops = interrupted},
                     progress);
} catch (const ResultAboveLimit& error) {
  throw base::Error("{} (--result-limit)", error.what());
}

int verify(const TypedVerify& typed, const Provenance& provenance) {
  machines_typed(typed);  // a wrong name is told before the trace is read
  std::vector<Output> outputs;
  if (!typed.json.empty()) {
    require_outside(typed.json, typed.trace);
    outputs.push_back({typed.json, json_mark("quatrain-crosscheck")});
  }
  require_free(outputs);
  std::optional<InterruptDeadline> deadline(std::in_place);  // nothing is written until all is compared
  const auto progress = make_progress();
  base::ThreadPool pool(typed.threads);
  std::vector<RegisteredMachine> kernels = kernels_for(typed, pool);  // nor does a wrong library wait for it
  const traces::TraceReader trace = traces::check_trace(typed.trace, *progress);
  std::vector<RegisteredMachine> machines = machines_for(typed, trace.manifest(), pool);
  std::move(kernels.begin(), kernels.end(), std::back_inserter(machines));
  std::vector<Candidate> candidates;
  for (const RegisteredMachine& entry : machines)
    candidates.push_back({entry.name, entry.machine.get(), entry.why_not});
  for (Candidate& candidate : candidates)
    if (!typed.replayed.empty() && candidate.name == "systemc.array")
      candidate.proven = proven_by(typed.replayed, trace);
  const CrossCheck check = compared(trace, candidates, typed.result_limit_mib, *progress);
  deadline.reset();
  print_cross_check(check);
  if (!outputs.empty()) {
    const std::string text =
        with_provenance(cross_check_json(check, typed.json), with_kernels(typed, provenance), 2);
    warn_unless_flushed(write_outputs(outputs, std::span(&text, 1)), typed.json);
  }
  if (!check.checked() && check.contradictions.empty())
    throw base::Error("{}: nothing was checked; expected a record that one of the machines supports",
                      typed.trace);
  return check.equal() ? 0 : 1;
}

}  // namespace

void add_verify_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("verify", "Compare every machine with a trace, bit for bit");
  command->footer(verify_examples);
  const auto typed = std::make_shared<TypedVerify>();
  command->add_option("TRACE", typed->trace, "trace directory")->required();
  command
      ->add_option("--machines", typed->machines,
                   "names or beginnings of names, with commas\n(default: all that can run here; with "
                   "--kernel emu.blocked)")
      ->check(not_empty());
  command
      ->add_option(
          "--kernel", typed->kernels,
          "shared library with a kernel of your own (quatrain/kernel_abi.h);\nmay be given several times")
      ->check(not_empty())
      ->allow_extra_args(false);
  command
      ->add_option("--kernel-time", typed->kernel_seconds,
                   "seconds that one call of a kernel may take (default: 60)")
      ->check(whole_number(1, 86'400));
  command->add_flag(
      "--simt-checks", typed->simt_checks,
      "check every access of the simt.* kernels: races, unwritten memory, bounds, alignment;\nabout "
      "thirty times slower");
  command->add_option("--json", typed->json, "write the findings to this file")->check(not_empty());
  command
      ->add_option("--replayed", typed->replayed,
                   "result of `quatrain sim` on this trace; systemc.array does not compute again\nwhat was "
                   "replayed there without a difference")
      ->check(not_empty());
  command
      ->add_option("--result-limit", typed->result_limit_mib,
                   "memory that the result of one GEMM may take, in MiB (default: 1024)")
      ->check(whole_number(1, std::uint64_t{1} << 20));
  command
      ->add_option("--pe-macs", typed->pe_macs,
                   "largest trace on which systemc.pe runs unasked, in MACs "
                   "(multiply-accumulates);\ndefault: 20000000")
      ->check(whole_number(0, UINT64_MAX));
  command->add_option("--threads", typed->threads, "how many threads (default: one per processor)")
      ->check(whole_number(1, 1024));
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return verify(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
