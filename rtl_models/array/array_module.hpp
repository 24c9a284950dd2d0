#pragma once
/// The boundary that the clocked fidelities of the array share: clock, reset, one operand edge per side, the
/// exits of the columns, and what the observer inside has counted.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/ports.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"

#include <systemc>

namespace quatrain::rtl_models {

/// Word: of a link at the edges, Link or WideLink.
template <typename Word>
class ArrayModuleOf : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<bool> reset{"reset"};  ///< synchronous: all registers to zero, counters too
  sc_core::sc_in<Lanes<Word>> left{"left"}, right{"right"};
  sc_core::sc_in<PeControl> control{"control"};
  /// Words of sums that are not exact and go on where they ended; else nothing ever stands here.
  sc_core::sc_in<SumWords> returning{"returning"};
  sc_core::sc_out<ExitWords> exits{"exits"};

  /// Before a reset: only the first `used` rows and columns will carry both operands, until the next call.
  /// What an array does with the others has no influence on what it shows.
  virtual void use(ArrayShape used) { static_cast<void>(used); }
  /// Adds clock, reset and the wires of the PEs to a waveform, before the first run; nothing where PEs are no
  /// modules. `with_parts`: sums have chunks.
  virtual void trace(sc_core::sc_trace_file* file, bool with_parts) {
    static_cast<void>(file);
    static_cast<void>(with_parts);
  }
  /// Everything since the last reset. Call it between two runs of the kernel.
  virtual Activity activity() = 0;

 protected:
  ArrayModuleOf(const sc_core::sc_module_name& name, ArrayShape shape) : sc_module(name), shape_(shape) {}
  ArrayShape shape_;
};
using ArrayModule = ArrayModuleOf<Link>;
using WideArrayModule = ArrayModuleOf<WideLink>;

}  // namespace quatrain::rtl_models
