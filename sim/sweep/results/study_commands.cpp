#include "sim/sweep/results/study_commands.hpp"

#include "sim/embedded/config_file.hpp"
#include "sim/records/provenance.hpp"
#include "sim/report/commands.hpp"
#include "sim/workload/open_workload.hpp"

#include <algorithm>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;

bool is_among(const std::string& name, const auto& names) {
  return std::ranges::find(names, name) != names.end();
}

std::string reached(const std::string& path, const StudyOrigin& origin) {
  if (origin.directory == fs::current_path() || fs::path(path).is_absolute()) return path;
  return (origin.directory / path).lexically_normal().string();
}

}  // namespace

StudyCommands study_commands(const StudyResults& results, const StudyOrigin& origin, const fs::path& folder) {
  const fs::path again = report::beside(folder);
  StudyCommands commands;
  commands.all = {shell_line({"quatrain", "sweep", reached(origin.file, origin), "--out", again.string()}),
                  shell_line({"quatrain", "report", again.string()})};
  const std::string design = is_among(origin.design, embedded_configs(ConfigKind::accelerator))
                                 ? origin.design
                                 : reached(origin.design, origin);
  for (const StudiedWorkload& workload : results.workloads) {
    const std::string file =
        is_among(workload.file, embedded_workloads()) ? workload.file : reached(workload.file, origin);
    commands.one_by_workload.push_back(shell_line(
        {"quatrain", "sim", design, file, "--phases", workload.phases, "--batch", workload.batch}));
  }
  return commands;
}

}  // namespace quatrain::sim
