#pragma once
/// Runs this program again with other arguments, and waits for it.

#include <string>
#include <vector>

namespace quatrain::sim {

/// The file that this program was started from.
std::string own_executable();

/// Exit code of `quatrain ARGUMENTS`; its stdout and stderr are ours. The child stands in a process group of
/// its own, so that a signal meant for us reaches it once: an interrupt is handed on, and its end is still
/// waited for. Throws Error when it cannot be started or is ended by a signal, Interrupted when it stopped
/// because of ours.
int run_self(const std::vector<std::string>& arguments);

}  // namespace quatrain::sim
