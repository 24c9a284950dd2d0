#pragma once
/// The built program, sent a signal while it works. When is told by what the program does, never by a clock
/// of this computer, which other tests keep busy.

#include "tests/support/program.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace quatrain::tests {

class SignalledProgram {
 public:
  /// As run_program(); what stands in `arguments` is typed in a shell, in `folder`.
  SignalledProgram(const std::string& program, const std::string& arguments, const Folder& folder)
      : out_(folder / "stdout"), err_(folder / "stderr"), process_(fork()) {
    if (process_ < 0) throw std::runtime_error("no process can be made");
    if (process_ > 0) return;
    const std::string command =
        "exec " + program + " " + arguments + " >" + out_.string() + " 2>" + err_.string();
    if (chdir(folder.path().c_str()) == 0) execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(99);
  }
  ~SignalledProgram() {
    if (process_ > 0) end(SIGKILL);
  }
  SignalledProgram(const SignalledProgram&) = delete;
  SignalledProgram& operator=(const SignalledProgram&) = delete;

  /// Waits until `is_time()`. Throws when the program ends before.
  template <typename Condition>
  void wait_until(Condition is_time) {
    while (!is_time()) {
      if (is_over()) throw std::runtime_error("it ended by itself");
      std::this_thread::yield();
    }
  }

  /// Waits until it answers an interrupt by itself and has then computed for so many seconds.
  void wait_until_at_work(double seconds) {
    wait_until([this] { return handles(SIGINT); });
    const double begin = processor_seconds();
    wait_until([&] { return processor_seconds() >= begin + seconds; });
  }

  /// Sends the signal and waits for the end. A program that computes for more than `most` seconds after it is
  /// killed: 137.
  ProgramRun end(int signal, double most = std::numeric_limits<double>::infinity()) {
    const double begin = processor_seconds();
    ::kill(process_, signal);
    while (!is_over()) {
      if (processor_seconds() > begin + most) ::kill(process_, SIGKILL);
      std::this_thread::yield();
    }
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {code, base::read_whole_file(out_), base::read_whole_file(err_)};
  }

 private:
  /// Ended, and not yet waited for.
  bool is_over() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == process_;
  }
  std::string file_of_process(const char* name) const {
    std::ifstream file("/proc/" + std::to_string(process_) + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool handles(int signal) const {
    const std::string text = file_of_process("status"), key = "SigCgt:";
    const std::size_t at = text.find(key);
    return at != std::string::npos &&
           (std::stoull(text.substr(at + key.size()), nullptr, 16) >> (signal - 1) & 1) != 0;
  }
  double processor_seconds() const {
    const std::string text = file_of_process("stat");
    std::istringstream fields(text.substr(text.rfind(')') + 1));  // the 3rd field on
    std::string field;
    double ticks = 0;
    for (int i = 3; i <= 15 && fields >> field; ++i)
      if (i >= 14) ticks += std::stod(field);  // utime, stime
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  }

  std::filesystem::path out_, err_;
  pid_t process_;
};

}  // namespace quatrain::tests
