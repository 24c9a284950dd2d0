/// quatrain: reads the command line, runs one command, turns what it throws into an exit code.
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "traces/base/error.hpp"
#include "traces/format/record.hpp"

#include <fmt/format.h>

#include <exception>
#include <string>

namespace {

std::string version() {
  return fmt::format("quatrain {} (numerics {}, trace format {})", QUATRAIN_VERSION,
                     quatrain::traces::numerics_version, quatrain::traces::trace_format_version);
}

int run(int argc, char** argv) {
  CLI::App program{"Quatrain: hardware simulator and bit-accurate emulator for 4-bit neural-network training."};
  program.set_version_flag("--version", version());
  program.require_subcommand(1);
  quatrain::sim::Action action;
  quatrain::sim::add_train_command(program, action);
  quatrain::sim::add_trace_command(program, action);
  quatrain::sim::add_sim_command(program, action);
  quatrain::sim::add_verify_command(program, action);
  quatrain::sim::add_report_command(program, action);
  quatrain::sim::add_machines_command(program, action);
  quatrain::sim::add_demo_command(program, action);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) try {
  return run(argc, argv);
} catch (const quatrain::traces::Interrupted&) {
  fmt::print(stderr, "interrupted\n");
  return 130;
} catch (const quatrain::traces::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return 2;
} catch (const std::exception& error) {
  fmt::print(stderr, "internal error: {}\n", error.what());
  return 3;
}
