#pragma once
/// The only place that draws on the terminal while work goes on.

#include "traces/base/progress.hpp"

#include <memory>

namespace quatrain::sim {

/// A bar with an estimate of the time left on stderr when that is a terminal, else silent.
std::unique_ptr<traces::Progress> make_progress();

/// True after SIGINT or SIGTERM; main installs the handler. Long work polls it and throws
/// traces::Interrupted.
bool interrupted();

}  // namespace quatrain::sim
