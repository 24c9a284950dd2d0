#include "sim/cli/command.hpp"

namespace quatrain::sim {

void add_demo_command(CLI::App& program, Action& action) {
  program.add_subcommand("demo", "not here yet")->callback([&action] { action = [] { return 3; }; });
}

}  // namespace quatrain::sim
