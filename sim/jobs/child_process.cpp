#include "sim/jobs/child_process.hpp"

#include "traces/base/error.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace quatrain::sim {
namespace {

using base::Error;

constexpr int cannot_start = 127;
constexpr unsigned poll_microseconds = 20'000;

/// A descriptor that is closed on the way out.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

/// In the child: only what may be called behind a fork.
[[noreturn]] void become(const char* program, char* const* words, int input, int output) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // a parent that is killed leaves no training behind
  if (output >= 0) {
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
  }
  execv(program, words);
  _exit(cannot_start);
}

}  // namespace

std::string own_executable() {
  std::error_code failure;
  const auto file = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? "quatrain" : file.string();
}

ChildProcess::ChildProcess(std::vector<std::string> arguments, const std::filesystem::path& output,
                           const std::string& program)
    : arguments_(std::move(arguments)), program_(program) {
  std::vector<std::string> texts = {"quatrain"};
  texts.insert(texts.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> words;
  for (std::string& text : texts) words.push_back(text.data());
  words.push_back(nullptr);

  const Descriptor input(output.empty() ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Descriptor out(output.empty() ? -1
                                      : open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!output.empty() && out.number() < 0)
    throw Error("{}: cannot be written: {}", output.string(), std::strerror(errno));
  process_ = fork();
  if (process_ < 0) throw Error("{}: cannot be started: {}", arguments_.front(), std::strerror(errno));
  if (process_ == 0) become(program_.c_str(), words.data(), input.number(), out.number());
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : arguments_(std::move(other.arguments_)),
      program_(std::move(other.program_)),
      process_(std::exchange(other.process_, -1)),
      was_asked_(other.was_asked_) {}

ChildProcess::~ChildProcess() {
  if (process_ < 0) return;
  ask_to_stop();
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
}

std::optional<int> ChildProcess::poll() {
  int status = 0;
  const pid_t ended = waitpid(process_, &status, WNOHANG);
  if (ended < 0 && errno != EINTR)
    throw Error("waiting for quatrain {}: {}", arguments_.front(), std::strerror(errno));
  if (ended != process_) return std::nullopt;
  process_ = -1;
  if (WIFSIGNALED(status))
    throw Error("quatrain {} was ended by signal {} ({})", arguments_.front(), WTERMSIG(status),
                strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) == cannot_start)
    throw Error("{}: cannot be started; expected this program there",
                program_ == "/proc/self/exe" ? own_executable() : program_);
  return WEXITSTATUS(status);
}

void ChildProcess::ask_to_stop() {
  if (process_ > 0 && !was_asked_) was_asked_ = kill(process_, SIGTERM) == 0;
}

void wait_a_moment() { usleep(poll_microseconds); }

}  // namespace quatrain::sim
