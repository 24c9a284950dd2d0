#pragma once
/// Whose cycles are counted.

#include <cstdint>

namespace quatrain::sim {

enum class Convention : std::uint8_t {
  quatrain,  ///< those that the simulated array takes
  scalesim   ///< those that SCALE-Sim reports (scalesim.hpp)
};

}  // namespace quatrain::sim
