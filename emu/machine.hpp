#pragma once
/// The emulator as machines: `emu.naive` (gemm/reference.hpp) and `emu.blocked` (gemm/blocked.hpp on the
/// chosen SIMD path).

#include "traces/machine_offer.hpp"

#include <memory>
#include <vector>

namespace quatrain::emu {

std::unique_ptr<traces::Machine> make_naive_machine();
/// `pool` must outlive the machine.
std::unique_ptr<traces::Machine> make_blocked_machine(base::ThreadPool& pool);

/// Both.
std::vector<traces::MachineOffer> machine_offers();

}  // namespace quatrain::emu
