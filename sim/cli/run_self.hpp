#pragma once
/// Runs this program again with other arguments, and waits for it.

#include <string>
#include <vector>

namespace quatrain::sim {

/// Exit code of `quatrain ARGUMENTS`; its stdout and stderr are ours. An interrupt is handed on, and its end
/// is still waited for. Throws Error when it cannot be started or is ended by a signal, Interrupted when it
/// stopped because of ours.
int run_self(const std::vector<std::string>& arguments);

}  // namespace quatrain::sim
