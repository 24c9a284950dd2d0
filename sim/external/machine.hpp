#pragma once
/// Kernels from outside (quatrain/kernel_abi.h) as machines, each in a process of its own.

#include "traces/machine_offer.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim::external {

struct KernelSettings {
  std::chrono::milliseconds patience{60'000};  ///< for one task; then the kernel hangs
  std::function<bool()> stops;                 ///< polled while a kernel works: Interrupted; may be empty
  /// A line for the user: what a kernel prints, with the machine's name in front. May be empty.
  std::function<void(std::string_view)> printed;
  std::string program = "/proc/self/exe";  ///< quatrain, which is executed again for each kernel
};

/// One machine for each library, "kernel." and the file's name without its last ending; of equal names the
/// later ones get "-2", "-3". `make` starts the process and loads the library. It throws Error when there is
/// no such file, it cannot be loaded, or its table does not fit.
///
/// quantize() and multiply() call the kernel twice, with QT_LAUNCH_ASCENDING and then QT_LAUNCH_DESCENDING.
/// They throw Misbehaved when it did anything but give the same result twice, and Refused when it refused the
/// task. After a crash, a hang or a write out of bounds the next task finds a new process.
std::vector<traces::MachineOffer> machine_offers(const std::vector<std::filesystem::path>& libraries,
                                                 const KernelSettings& settings);

}  // namespace quatrain::sim::external
