#include "sim/cli/console.hpp"

namespace quatrain::sim {

std::unique_ptr<traces::Progress> make_progress() { return std::make_unique<traces::SilentProgress>(); }
bool interrupted() { return false; }

}  // namespace quatrain::sim
