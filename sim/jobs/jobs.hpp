#pragma once
/// Many commands of this program, each in a process of its own, as many at a time as the computer has room
/// for: what `quatrain experiment` and `quatrain sweep` are made of.
///
/// The caller says what is to be done and keeps what was done: it leaves out the jobs whose results are there
/// already, and each job writes its result whole or not at all. So a grid that was interrupted goes on when
/// it is asked for again.

#include "traces/base/progress.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim {

struct Job {
  std::string name;                    ///< for messages and progress: "luq, seed 2"
  std::vector<std::string> arguments;  ///< of this program: {"train", "demo_cnn", ...}
  std::filesystem::path output;        ///< what it prints, stdout and stderr; in a folder that exists
};

struct JobEnd {
  std::size_t job = 0;  ///< place in the list
  int exit_code = 0;
  double seconds = 0;
};

struct JobOptions {
  unsigned at_once = 1;  ///< jobs that run together
  std::string what;      ///< progress line: "experiment demo"
  /// Share of a running job that is done, 0 to 1, asked now and then; empty: nothing before its end.
  std::function<double(std::size_t job)> share_done = {};
};

/// Runs all of them. `ended` hears of each as it ends, whatever its exit code, and may throw to stop the
/// rest. Progress is in jobs, with the estimate of what is left. Throws Interrupted when the user asks to
/// stop, and Error for a job that was killed or did not start; the jobs that ran are asked to stop first, and
/// waited for.
void run_jobs(std::span<const Job> jobs, const JobOptions& options, base::Progress& progress,
              const std::function<void(const JobEnd&)>& ended);

/// The last line that a job printed, without "error: " in front: why it failed. "" for none.
std::string last_line_of(const Job& job);

/// Threads for each of `at_once` jobs on this computer, at least 1.
unsigned threads_for_each(unsigned at_once);

}  // namespace quatrain::sim
