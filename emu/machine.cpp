#include "emu/machine.hpp"

#include "emu/emulator_machine.hpp"

namespace quatrain::emu {

std::unique_ptr<traces::Machine> make_naive_machine() {
  return std::make_unique<EmulatorMachine<Way::naive, Fault::none>>();
}

std::unique_ptr<traces::Machine> make_blocked_machine(traces::ThreadPool& pool) {
  return std::make_unique<EmulatorMachine<Way::blocked, Fault::none>>(chosen_path(), pool);
}

}  // namespace quatrain::emu
