#pragma once
/// The registry: every machine that this project has, in the order of all tables. It alone knows what exists,
/// what was built, and what can run on this computer.

#include "traces/machine_offer.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// "emu.naive", ..., "cuda.async".
std::vector<std::string> known_machines();

/// Those that run where none is named: all but the slow ones.
std::vector<std::string> quick_machines();

/// What a list of machines names: names, or beginnings of names ("emu", "systemc.a"), with commas between; in
/// registry order, each once. A beginning means quick machines only. Throws Error for a word that fits no
/// machine.
std::vector<std::string> machines_named(std::string_view list);

struct RegisteredMachine {
  std::string name;
  std::unique_ptr<traces::Machine> machine;  ///< null where it does not run
  std::string why_not;                       ///< set when `machine` is null
};

/// An entry for every known machine. Those in `wanted` are made, if they can run here; systemc.* with arrays
/// of 32 x 32 PEs. SystemC elaborates once per process: call it once, before any replay. `pool` must outlive
/// them. With `simt_checks` every access of the simt.* kernels is checked (kernels/simt/README.md).
std::vector<RegisteredMachine> make_machines(std::span<const std::string> wanted, base::ThreadPool& pool,
                                             bool simt_checks = false);

/// Of offers that the registry does not know: kernels from outside. Each is made, or says why not.
std::vector<RegisteredMachine> make_machines(const std::vector<traces::MachineOffer>& offers,
                                             base::ThreadPool& pool);

}  // namespace quatrain::sim
