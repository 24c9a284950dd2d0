#pragma once
/// Command lines that a user can paste into a shell: they make a report's parts again, beside what is there,
/// or make what is missing. Each runs from the folder in which the report was made.

#include "sim/report/model.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace quatrain::sim::report {

/// `directory`: of the report; its sibling with "-again" behind the name, or the first number that is free,
/// takes the copy. A run that an error stopped would stop again: its commands are left out.
std::vector<std::string> commands_of(const std::filesystem::path& directory, const Report& report);

/// "runs/mine-again" of "runs/mine/", or the first of "runs/mine-again-2", ... that is free.
std::filesystem::path beside(const std::filesystem::path& directory);

/// Another run of the same configuration, with a trace.
std::string traced_run_command(const std::filesystem::path& directory, const TrainingRun& run);
/// The results stand beside the trace.
std::string verify_command(const std::filesystem::path& trace);
/// `asked`: null for the defaults.
std::string study_command(const std::filesystem::path& trace, const study::StudyRequest* asked = nullptr);
std::string simulation_command(const std::filesystem::path& trace);
/// `runs`: of the demo, those that are there.
std::string demo_command(const std::vector<TrainingRun>& runs);

}  // namespace quatrain::sim::report
