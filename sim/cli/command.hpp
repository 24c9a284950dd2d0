#pragma once
/// How a command hooks into the program: it adds a CLI11 subcommand with --help and an example, and, when it
/// is the one that was typed, sets `action`. main runs the action and turns exceptions into exit codes.

#include "sim/records/provenance.hpp"

#include <CLI/CLI.hpp>

#include <functional>

namespace quatrain::sim {

/// 0 done (and equal, where something was checked), 1 a check found a difference; Error is 2, anything
/// else 3. It is handed what was typed, for the results that it writes.
using Action = std::function<int(const Provenance&)>;

void add_train_command(CLI::App& program, Action& action);
void add_experiment_command(CLI::App& program, Action& action);
void add_bisect_command(CLI::App& program, Action& action);
void add_trace_command(CLI::App& program, Action& action);
void add_sim_command(CLI::App& program, Action& action);
void add_price_command(CLI::App& program, Action& action);
void add_step_command(CLI::App& program, Action& action);
void add_explain_command(CLI::App& program, Action& action);
void add_sweep_command(CLI::App& program, Action& action);
void add_verify_command(CLI::App& program, Action& action);
void add_conformance_command(CLI::App& program, Action& action);
void add_study_command(CLI::App& program, Action& action);
void add_report_command(CLI::App& program, Action& action);
void add_machines_command(CLI::App& program, Action& action);
void add_demo_command(CLI::App& program, Action& action);
/// Hidden: what this program executes as a child (sim/external).
void add_kernel_host_command(CLI::App& program, Action& action);
/// Hidden: what `quatrain bisect` executes as a child.
void add_repeat_steps_command(CLI::App& program, Action& action);

}  // namespace quatrain::sim
