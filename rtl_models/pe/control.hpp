#pragma once
/// What a tile sets in all PEs.

#include "rtl_models/pe/multiplier.hpp"

#include <cstdint>
#include <ostream>
#include <string>

namespace sc_core {
class sc_trace_file;
}

namespace quatrain::rtl_models {

/// Constant during a tile: the mode register of all PEs, and how much of the array the tile uses (the tap
/// stands below row `rows - 1`).
struct TileControl {
  PeMode mode = PeMode::int4_int4;
  std::uint32_t rows = 0, columns = 0;
  friend bool operator==(const TileControl&, const TileControl&) = default;
};

// A signal's type needs these two (waveforms are not written).
inline std::ostream& operator<<(std::ostream& out, const TileControl& control) {
  return out << control.rows << " x " << control.columns;
}
inline void sc_trace(sc_core::sc_trace_file*, const TileControl&, const std::string&) {}

}  // namespace quatrain::rtl_models
