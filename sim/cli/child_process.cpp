#include "sim/cli/child_process.hpp"

#include "sim/cli/console.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quatrain::sim {
namespace {

constexpr int cannot_start = 127;
constexpr unsigned poll_microseconds = 20'000;

[[noreturn]] void become(std::vector<char*>& words) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // a demo that is killed leaves no training behind
  execv("/proc/self/exe", words.data());
  _exit(cannot_start);
}

/// Waits, and hands an interrupt on once.
int wait_for(pid_t child) {
  bool handed_on = false;
  for (int status = 0;;) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) throw base::Error("waiting for a stage: {}", std::strerror(errno));
    if (interrupted() && !handed_on) handed_on = kill(child, SIGTERM) == 0;
    usleep(poll_microseconds);
  }
}

}  // namespace

std::string own_executable() {
  std::error_code failure;
  const auto file = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? "quatrain" : file.string();
}

int run_self(const std::vector<std::string>& arguments) {
  std::vector<std::string> texts = {"quatrain"};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> words;
  for (std::string& text : texts) words.push_back(text.data());
  words.push_back(nullptr);

  flush_stdout();  // what was printed so far stands before what the child prints
  const pid_t child = fork();
  if (child < 0) throw base::Error("{}: cannot be started: {}", arguments.front(), std::strerror(errno));
  if (child == 0) become(words);
  const int status = wait_for(child);
  if (interrupted() || (WIFEXITED(status) && WEXITSTATUS(status) == 130)) throw base::Interrupted();
  if (WIFSIGNALED(status))
    throw base::Error("quatrain {} was ended by signal {} ({})", arguments.front(), WTERMSIG(status),
                      strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) == cannot_start)
    throw base::Error("{}: cannot be started; expected this program there", own_executable());
  return WEXITSTATUS(status);
}

}  // namespace quatrain::sim
