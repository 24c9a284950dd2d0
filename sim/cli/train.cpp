#include "sim/cli/command.hpp"

namespace quatrain::sim {

void add_train_command(CLI::App& program, Action& action) {
  program.add_subcommand("train", "not here yet")->callback([&action] { action = [] { return 3; }; });
}

}  // namespace quatrain::sim
