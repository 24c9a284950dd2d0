/// quatrain machines: what can run here, and on what.
#include "sim/machines.hpp"

#include "sim/cli/command.hpp"
#include "sim/sweep/ranks.hpp"
#include "sim/workload/onnx_graph.hpp"

#include <fmt/format.h>

namespace quatrain::sim {
namespace {

constexpr const char* machines_examples = R"(
Machines compute the same bits, each in its own way:
  emu.*        the emulator, in C++
  systemc.*    the hardware model: registers and wires
  simt.*       the kernels on the CPU
  cuda.*       the same kernels on a GPU
`quatrain verify --machines` takes these names, or their beginnings, with commas: emu,systemc.array.

Example:
  quatrain machines)";

int list_machines() {
  base::ThreadPool pool;
  const std::vector<std::string> all = known_machines();
  fmt::print("machine        runs here  on, or why not\n");
  for (const RegisteredMachine& entry : make_machines(all, pool))
    fmt::print("{:<13}  {:<9}  {}\n", entry.name, entry.machine ? "yes" : "no",
               entry.machine ? entry.machine->ran_on() : entry.why_not);
  const auto onnx = onnx_missing();
  fmt::print("\nONNX models as workloads: {}\n", onnx ? "no, " + *onnx : "yes");
  const auto mpi = mpi_missing();
  fmt::print("sweeps under mpirun: {}\n", mpi ? "no, " + *mpi : "yes");
  return 0;
}

}  // namespace

void add_machines_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("machines", "Which machines can run here, and on what");
  command->footer(machines_examples);
  command->callback([&action] { action = [](const Provenance&) { return list_machines(); }; });
}

}  // namespace quatrain::sim
