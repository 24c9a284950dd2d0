#pragma once
/// Runs the built program as a user does: arguments in, exit code and both streams out.

#include "tests/support/folder.hpp"
#include "traces/base/files.hpp"

#include <cstdlib>
#include <string>
#include <sys/wait.h>

namespace quatrain::tests {

struct ProgramRun {
  int exit_code = -1;  ///< 128 + signal for one that was killed, as a shell says it
  std::string out, err;
};

/// `program`: path of the executable. `arguments`: as typed in a shell. The streams' files stand in `folder`.
inline ProgramRun run_program(const std::string& program, const std::string& arguments,
                              const Folder& folder) {
  const auto out = folder / "stdout", err = folder / "stderr";
  const std::string command = program + " " + arguments + " >" + out.string() + " 2>" + err.string();
  const int status = std::system(command.c_str());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, base::read_whole_file(out), base::read_whole_file(err)};
}

/// On a disk that takes no more than `kib` of a file: the limit on a file's size stands for it.
inline ProgramRun run_program_on_full_disk(unsigned kib, const std::string& program,
                                           const std::string& arguments, const Folder& folder) {
  return run_program("ulimit -f " + std::to_string(2 * kib) + " && " + program, arguments, folder);
}

}  // namespace quatrain::tests
