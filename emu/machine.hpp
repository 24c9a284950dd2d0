#pragma once
/// The emulator as machines: `emu.naive` (gemm/reference.hpp) and `emu.blocked` (gemm/blocked.hpp on the
/// chosen SIMD path).

#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <memory>

namespace quatrain::emu {

std::unique_ptr<traces::Machine> make_naive_machine();
/// `pool` must outlive the machine.
std::unique_ptr<traces::Machine> make_blocked_machine(traces::ThreadPool& pool);

}  // namespace quatrain::emu
