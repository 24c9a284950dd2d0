#pragma once
/// What a GEMM sets in all PEs. All else travels with the operands (link.hpp).

#include "rtl_models/pe/mode.hpp"
#include "traces/accumulator.hpp"

#include <cstdint>
#include <ostream>
#include <string>

namespace sc_core {
class sc_trace_file;
}

namespace quatrain::rtl_models {

struct PeControl {
  PeMode mode = PeMode::int4_int4;
  traces::Accumulator accumulator = {};

  PeControl() = default;
  PeControl(PeMode of, const traces::Accumulator& sums = {}) : mode(of), accumulator(sums) {}
  friend bool operator==(const PeControl&, const PeControl&) = default;
};

// A signal's type needs these two (no waveform has it).
inline std::ostream& operator<<(std::ostream& out, const PeControl& control) {
  return out << "mode " << static_cast<int>(control.mode);
}
inline void sc_trace(sc_core::sc_trace_file*, const PeControl&, const std::string&) {}

}  // namespace quatrain::rtl_models
