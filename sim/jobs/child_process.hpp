#pragma once
/// This program, run again with other arguments in a process of its own.

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace quatrain::sim {

/// The file that this program was started from.
std::string own_executable();

/// `quatrain ARGUMENTS`. It stands in a process group of its own, so that a signal meant for us reaches it
/// once, by ask_to_stop(); and it is asked to stop when this process ends.
class ChildProcess {
 public:
  /// Its stdout and stderr are ours, or go to `output`, which is made anew and whose stdin is then empty.
  /// Throws Error when no process can be made.
  /// `program`: another one in the place of this.
  explicit ChildProcess(std::vector<std::string> arguments, const std::filesystem::path& output = {},
                        const std::string& program = "/proc/self/exe");
  /// Stops one that runs, and waits for it.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  /// The exit code once it has ended; it is asked no more after that. Throws Error when it was ended by a
  /// signal, or could not be started.
  std::optional<int> poll();
  void ask_to_stop();  ///< SIGTERM, once

 private:
  std::vector<std::string> arguments_;
  std::string program_;
  pid_t process_ = -1;
  bool was_asked_ = false;
};

/// For who waits: between two calls of poll().
void wait_a_moment();

}  // namespace quatrain::sim
