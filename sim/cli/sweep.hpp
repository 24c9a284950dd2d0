#pragma once
/// quatrain sweep; how a command hooks into the program is in command.hpp.

#include "sim/cli/command.hpp"

namespace quatrain::sim {

void add_sweep_command(CLI::App& program, Action& action);

}  // namespace quatrain::sim
