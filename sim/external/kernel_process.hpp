#pragma once
/// The life of a host (host.hpp): started, asked, watched, ended. Its process group ends with it, and it ends
/// when this program does, however that ends.

#include "sim/external/protocol.hpp"
#include "sim/external/shared_memory.hpp"
#include "sim/records/misbehaviour.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace quatrain::sim::external {

struct HostSettings {
  std::string library;                            ///< absolute path
  std::chrono::milliseconds patience{60'000};     ///< for one answer
  std::function<bool()> stops;                    ///< polled while it works; may be empty
  std::function<void(std::string_view)> printed;  ///< each line that the kernel prints; may be empty
  std::string program = "/proc/self/exe";         ///< what is executed: quatrain
};

/// How a host ended instead of answering.
struct End {
  Misbehaviour kind;
  std::string text;
};

class KernelProcess {
 public:
  /// Throws Error when it cannot be started.
  explicit KernelProcess(const HostSettings& settings);
  ~KernelProcess();
  KernelProcess(const KernelProcess&) = delete;
  KernelProcess& operator=(const KernelProcess&) = delete;

  SharedMemory& operands() { return operands_; }
  SharedMemory& results() { return results_; }
  const Notes& notes() { return *reinterpret_cast<const Notes*>(results_.bytes().data()); }

  /// Nothing when `answer` was filled; else the host has ended, and only its memory is left. Throws
  /// Interrupted.
  std::optional<End> ask(const Request& request, Reply& answer);
  /// The first message.
  std::optional<End> wait_until_loaded(Loaded& answer);

 private:
  void start(int control, int output);
  std::optional<End> wait_for(void* answer, std::size_t size);
  std::optional<End> ended() const;
  void read_output();
  void print_line();
  void print_unfinished_line();
  void end();

  HostSettings settings_;
  SharedMemory operands_, results_;
  pid_t process_ = -1;
  int control_ = -1, output_ = -1;
  std::string unfinished_line_;
};

}  // namespace quatrain::sim::external
