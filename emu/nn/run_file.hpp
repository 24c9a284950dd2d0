#pragma once
/// run.json: what a run was started with, and how far it came. It stands beside config.json, which stays a
/// config that can be used again (configs/schemas/run.schema.json).

#include "emu/data/data_set.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::emu {

/// `running` is also what a run says that was killed, or that lost its power.
enum class RunState : std::uint8_t { running, finished, interrupted, stopped };
inline constexpr std::array<std::string_view, 4> run_state_words = {"running", "finished", "interrupted",
                                                                    "stopped"};
std::string_view name_of(RunState state);

struct RunFile {
  std::string program;                ///< "quatrain 0.1.0", of the last command
  std::vector<std::string> commands;  ///< as typed; the first began the run, the others went on with it
  std::string data_folder;            ///< as it was named or found
  DataSums data;
  RunState state = RunState::running;
  std::int64_t epochs = 0, of_epochs = 0;  ///< done, and asked for
  std::int64_t steps = 0;                  ///< updates done: the rows of steps.csv
  std::optional<std::string> reason = {};  ///< why it stopped, for `stopped`
};

/// Returns what base::write_whole_file() returns.
bool write_run_file(const std::filesystem::path& directory, const RunFile& run);

/// Nothing for a run of an older program, which wrote none. Throws Error with file and JSON pointer.
std::optional<RunFile> read_run_file(const std::filesystem::path& directory);

}  // namespace quatrain::emu
