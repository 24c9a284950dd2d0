#include "sim/jobs/jobs.hpp"

#include "sim/jobs/child_process.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/base/processors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <list>

namespace quatrain::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double units_per_job = 1000;

struct Running {
  std::size_t job;
  ChildProcess process;
  Clock::time_point start;
};

class Pool {
 public:
  Pool(std::span<const Job> jobs, const JobOptions& options, base::Progress& progress,
       const std::function<void(const JobEnd&)>& ended)
      : jobs_(jobs), options_(options), progress_(progress), ended_(ended) {}

  /// What throws ends the running ones: their processes are stopped and waited for.
  void run() {
    progress_.begin(options_.what, static_cast<std::uint64_t>(units_per_job) * jobs_.size());
    while (done_ < jobs_.size()) {
      while (next_ < jobs_.size() && running_.size() < std::max(options_.at_once, 1U)) start();
      collect();
      show();
      wait_a_moment();
    }
    progress_.finish();
  }
  void stop() {
    for (Running& one : running_) one.process.ask_to_stop();
    running_.clear();
  }

 private:
  void start() {
    const Job& job = jobs_[next_];
    running_.push_back({next_, ChildProcess(job.arguments, job.output), Clock::now()});
    ++next_;
  }

  void collect() {
    for (auto one = running_.begin(); one != running_.end();) {
      const auto code = one->process.poll();
      if (!code) {
        ++one;
        continue;
      }
      const JobEnd end{one->job, *code, std::chrono::duration<double>(Clock::now() - one->start).count()};
      one = running_.erase(one);
      ++done_;
      progress_.finish();  // what is printed now does not mix with the progress line
      ended_(end);
    }
  }

  void show() {
    if (Clock::now() - asked_ >= std::chrono::milliseconds(500)) {
      asked_ = Clock::now();
      units_ = units_per_job * static_cast<double>(done_);
      if (options_.share_done)
        for (const Running& one : running_)
          units_ += units_per_job * std::clamp(options_.share_done(one.job), 0.0, 1.0);
    }
    progress_.update(static_cast<std::uint64_t>(units_), fmt::format("{} of {} done", done_, jobs_.size()));
  }

  std::span<const Job> jobs_;
  const JobOptions& options_;
  base::Progress& progress_;
  const std::function<void(const JobEnd&)>& ended_;
  std::list<Running> running_;
  std::size_t next_ = 0, done_ = 0;
  Clock::time_point asked_;
  double units_ = 0;
};

}  // namespace

void run_jobs(std::span<const Job> jobs, const JobOptions& options, base::Progress& progress,
              const std::function<void(const JobEnd&)>& ended) {
  Pool pool(jobs, options, progress, ended);
  try {
    pool.run();
  } catch (...) {
    pool.stop();
    progress.finish();
    throw;
  }
}

std::string last_line_of(const Job& job) {
  std::string text = base::read_whole_file(job.output);
  while (text.ends_with('\n')) text.pop_back();
  std::string line = text.substr(text.rfind('\n') + 1);
  constexpr std::string_view word = "error: ";
  return line.starts_with(word) ? line.substr(word.size()) : line;
}

unsigned threads_for_each(unsigned at_once) {
  return std::max(base::default_thread_count() / std::max(at_once, 1U), 1U);
}

}  // namespace quatrain::sim
