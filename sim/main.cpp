/// quatrain: reads the command line, runs one command, turns what it throws into an exit code.
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/record.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using quatrain::base::Error;

constexpr const char* examples = R"(Examples:
  quatrain demo                                      all of it on Fashion-MNIST, one to two minutes on 2 cores
  quatrain train demo_cnn --out runs/mine --trace    train a network, keep operands and results of three steps
  quatrain sim luq_32x32 --trace runs/mine/trace     cycles and energy, every product replayed bit for bit
  quatrain price runs/mine/simulation/luq_32x32.json --technology 28nm
                                                     the same counts with another table, nothing simulated
  quatrain verify runs/mine/trace                    every machine that can run here against the trace
  quatrain report runs/mine                          all of it as text, report.json and report.html

Exit codes:
  0    done, and equal where something was checked
  1    a check found a difference
  2    bad input, usage or environment
  3    internal error
  130  interrupted

`quatrain COMMAND --help` shows a command's options and examples.)";

std::string version() {
  return fmt::format("quatrain {} (numerics {}, trace format {})", QUATRAIN_VERSION,
                     quatrain::traces::numerics_version, quatrain::traces::trace_format_version);
}

/// CLI11 would call an unknown command a missing one.
void require_known_command(const CLI::App& program, int argc, char** argv) {
  std::vector<std::string> commands;
  for (const CLI::App* command : program.get_subcommands(nullptr)) {
    if (argc >= 2 && command->get_name() == argv[1]) return;
    if (!command->get_group().empty()) commands.push_back(command->get_name());
  }
  const std::string names = quatrain::base::joined(commands);
  if (argc < 2) throw Error("no command; expected one of {} (see --help)", names);
  if (program.get_option_no_throw(argv[1]) == nullptr)
    throw Error("unknown {} '{}'; expected one of {} (see --help)", argv[1][0] == '-' ? "option" : "command",
                argv[1], names);
}

int run(int argc, char** argv) {
  CLI::App program{
      "Quatrain: hardware simulator and bit-accurate emulator for 4-bit neural-network training."};
  program.set_version_flag("--version", version());
  program.footer(examples);
  program.require_subcommand(1);
  quatrain::sim::Action action;
  quatrain::sim::add_train_command(program, action);
  quatrain::sim::add_experiment_command(program, action);
  quatrain::sim::add_bisect_command(program, action);
  quatrain::sim::add_trace_command(program, action);
  quatrain::sim::add_sim_command(program, action);
  quatrain::sim::add_price_command(program, action);
  quatrain::sim::add_step_command(program, action);
  quatrain::sim::add_explain_command(program, action);
  quatrain::sim::add_sweep_command(program, action);
  quatrain::sim::add_verify_command(program, action);
  quatrain::sim::add_conformance_command(program, action);
  quatrain::sim::add_study_command(program, action);
  quatrain::sim::add_report_command(program, action);
  quatrain::sim::add_machines_command(program, action);
  quatrain::sim::add_demo_command(program, action);
  quatrain::sim::add_kernel_host_command(program, action);
  quatrain::sim::add_repeat_steps_command(program, action);
  require_known_command(program, argc, argv);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) throw Error("{} (see --help)", error.what());
    std::ostringstream text;  // CLI11 would flush it, and the reason of a failing write would be lost
    program.exit(error, text, text);
    fmt::print("{}", text.str());
    return 0;
  }
  std::vector<std::string> typed(argv, argv + argc);
  typed.front() = "quatrain";
  return action({.command = quatrain::sim::shell_line(typed), .program = "quatrain " QUATRAIN_VERSION});
}

/// Returns the exit code.
int fail(std::string_view kind, std::string_view what, int exit_code) {
  quatrain::sim::print_to_stderr(fmt::format("{}: {}", kind, what));
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) try {
  quatrain::sim::install_signal_handlers();
  const int code = run(argc, argv);
  quatrain::sim::flush_stdout();
  return code;
} catch (const quatrain::base::Interrupted&) {
  quatrain::sim::print_to_stderr("interrupted");
  return 130;
} catch (const Error& error) {
  return fail("error", error.what(), 2);
} catch (const std::filesystem::filesystem_error& error) {  // a path that cannot even be looked at
  return fail("error", fmt::format("{}: {}", error.path1().string(), error.code().message()), 2);
} catch (const std::bad_alloc&) {
  return fail("error", "not enough memory for this network or trace", 2);
} catch (const std::system_error& error) {
  if (std::ferror(stdout) != 0)  // fmt throws this when a write to stdout fails
    return fail("error: standard output", error.code().message(), 2);
  return fail("internal error", error.what(), 3);
} catch (const std::exception& error) {
  return fail("internal error", error.what(), 3);
}
