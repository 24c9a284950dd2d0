#pragma once
/// The process in which a kernel runs: loads the library, waits for tasks, calls it. Nothing of ours is here
/// that a kernel could harm.

#include <string>

namespace quatrain::sim::external {

/// Until quatrain closes the connection. `library`: an absolute path. Throws Error when it was not started by
/// a KernelProcess. Never returns otherwise.
[[noreturn]] void run_kernel_host(const std::string& library);

}  // namespace quatrain::sim::external
