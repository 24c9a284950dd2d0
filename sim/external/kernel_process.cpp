#include "sim/external/kernel_process.hpp"

#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quatrain::sim::external {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int glance_ms = 50;               // how late an interrupt or the end of the host may be seen
constexpr std::size_t longest_line = 1000;  // bytes of what a kernel prints; the rest of a line is left out
constexpr int cannot_start = 127;

[[noreturn]] void throw_system_error(const char* what) {
  throw base::Error("a process for the kernel: {}: {}", what, std::strerror(errno));
}

/// In the child, between fork and exec: nothing that allocates or locks.
[[noreturn]] void become_host(const HostSettings& settings, char* const* words, pid_t parent, int control,
                              int operands, int results, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(cannot_start);  // it ended before the line above
  setpgid(0, 0);
  const rlimit none{};
  setrlimit(RLIMIT_CORE, &none);  // a crash leaves no file
  constexpr int first_free = 16;  // out of the way of the numbers below
  const int input = open("/dev/null", O_RDONLY);
  int from[] = {input, output, output, control, operands, results};
  for (int& fd : from) fd = fcntl(fd, F_DUPFD, first_free);
  for (int to = 0; to <= results_fd; ++to)
    if (dup2(from[to], to) < 0) _exit(cannot_start);
  close_range(results_fd + 1, ~0U, 0);
  execv(settings.program.c_str(), words);
  _exit(cannot_start);
}

End end_of(const siginfo_t& info) {
  if (info.si_code != CLD_EXITED)
    return {Misbehaviour::crash, fmt::format("signal {} ({})", info.si_status, strsignal(info.si_status))};
  if (info.si_status == lost_connection)
    return {Misbehaviour::exit, "the file descriptors of its process were closed"};
  return {Misbehaviour::exit, fmt::format("its process ended with exit code {}", info.si_status)};
}

}  // namespace

KernelProcess::KernelProcess(const HostSettings& settings)
    : settings_(settings), operands_("quatrain operands"), results_("quatrain results") {
  results_.reserve(grain);  // the notes
  int control[2], output[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) throw_system_error("socketpair");
  control_ = control[0];
  if (pipe2(output, O_CLOEXEC) != 0) {
    close(control[0]);
    close(control[1]);
    throw_system_error("pipe");
  }
  output_ = output[0];
  fcntl(output_, F_SETFL, O_NONBLOCK);
  start(control[1], output[1]);
  const int reason = errno;
  close(control[1]);
  close(output[1]);
  if (process_ < 0) {
    close(control_);
    close(output_);
    errno = reason;
    throw_system_error("fork");
  }
}

void KernelProcess::start(int control, int output) {
  std::string texts[] = {"quatrain", "kernel-host", settings_.library};
  char* const words[] = {texts[0].data(), texts[1].data(), texts[2].data(), nullptr};
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) become_host(settings_, words, parent, control, operands_.fd(), results_.fd(), output);
  if (process_ > 0) setpgid(process_, process_);  // whoever comes first
}

KernelProcess::~KernelProcess() {
  end();
  close(control_);
  if (output_ >= 0) close(output_);
}

/// The group is killed while its leader is still there to hold the number.
void KernelProcess::end() {
  if (process_ < 0) return;
  kill(-process_, SIGKILL);
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  read_output();
  print_unfinished_line();
}

std::optional<End> KernelProcess::ask(const Request& request, Reply& answer) {
  if (send(control_, &request, sizeof request, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
    throw_system_error("send");
  return wait_for(&answer, sizeof answer);
}

std::optional<End> KernelProcess::wait_until_loaded(Loaded& answer) {
  return wait_for(&answer, sizeof answer);
}

std::optional<End> KernelProcess::wait_for(void* answer, std::size_t size) {
  const auto deadline = Clock::now() + settings_.patience;
  for (bool is_connected = true;;) {
    pollfd files[] = {{is_connected ? control_ : -1, POLLIN, 0}, {output_, POLLIN, 0}};
    poll(files, 2, glance_ms);
    read_output();
    if (files[0].revents != 0) {
      const ssize_t received = recv(control_, answer, size, MSG_DONTWAIT);
      if (received == static_cast<ssize_t>(size)) {
        read_output();
        print_unfinished_line();
        return std::nullopt;
      }
      is_connected = false;
    }
    std::optional<End> how = ended();
    if (!how && Clock::now() >= deadline) {
      const auto seconds = std::chrono::duration<double>(settings_.patience).count();
      how = End{Misbehaviour::hang, fmt::format("no answer within {} s", seconds)};
    }
    if (how) {
      end();
      return how;
    }
    if (settings_.stops && settings_.stops()) throw base::Interrupted();
  }
}

/// Without reaping it.
std::optional<End> KernelProcess::ended() const {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
    return std::nullopt;
  return end_of(info);
}

void KernelProcess::read_output() {
  std::array<char, 4096> room;
  for (int turns = 16; turns > 0 && output_ >= 0; --turns) {  // one that prints without end is still timed
    const ssize_t count = read(output_, room.data(), room.size());
    if (count < 0) return;  // nothing there now
    if (count == 0) {       // the kernel closed it
      close(output_);
      output_ = -1;
      return;
    }
    for (const char c : std::string_view(room.data(), static_cast<std::size_t>(count))) {
      if (c != '\n' && unfinished_line_.size() < longest_line) unfinished_line_ += c;
      if (c == '\n') print_line();
    }
  }
}

void KernelProcess::print_line() {
  if (settings_.printed) settings_.printed(unfinished_line_);
  unfinished_line_.clear();
}

void KernelProcess::print_unfinished_line() {
  if (!unfinished_line_.empty()) print_line();
}

}  // namespace quatrain::sim::external
