#include "sim/cli/command.hpp"

namespace quatrain::sim {

void add_trace_command(CLI::App& program, Action& action) {
  program.add_subcommand("trace", "not here yet")->callback([&action] { action = [] { return 3; }; });
}

}  // namespace quatrain::sim
