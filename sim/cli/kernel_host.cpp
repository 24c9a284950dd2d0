/// quatrain kernel-host: the process in which `quatrain verify --kernel` runs a library. No command for
/// users.
#include "sim/cli/command.hpp"
#include "sim/external/host.hpp"

#include <memory>
#include <string>

namespace quatrain::sim {

void add_kernel_host_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("kernel-host", "Runs a kernel for `quatrain verify --kernel`");
  command->group("");  // not in --help
  const auto library = std::make_shared<std::string>();
  command->add_option("LIBRARY", *library)->required();
  command->callback([library, &action] {
    action = [library](const Provenance&) -> int { external::run_kernel_host(*library); };
  });
}

}  // namespace quatrain::sim
