#pragma once
/// One more register between an edge and the first PE of chosen lanes. No design has it: structural tests put
/// it there to see that the array tells time by its registers.

#include "rtl_models/array/ports.hpp"

#include <systemc>

#include <cstdint>

namespace quatrain::rtl_models {

/// Which lanes of both edges pass an extra register.
enum class EdgeDelay : std::uint8_t {
  none,
  every_lane,  ///< all rows and all columns
  first_row    ///< row 0 alone
};

class EdgeRegisters final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<EdgeWord> in{"in"};
  sc_core::sc_out<EdgeWord> out{"out"};

  SC_HAS_PROCESS(EdgeRegisters);
  /// Lanes 0 .. delayed - 1 are held for a cycle, the others pass.
  EdgeRegisters(const sc_core::sc_module_name& name, std::uint32_t delayed)
      : sc_module(name), delayed_(delayed) {
    SC_METHOD(hold);
    sensitive << clock.pos();
    dont_initialize();
    SC_METHOD(pass);
    sensitive << in << held_;
  }

 private:
  void hold() { held_.write(in.read()); }
  void pass() {
    EdgeWord word = in.read();
    const EdgeWord& held = held_.read();
    for (std::uint32_t lane = 0; lane < delayed_ && lane < word.count; ++lane)
      word.words[lane] = lane < held.count ? held.words[lane] : Link{0};
    out.write(word);
  }

  sc_core::sc_signal<EdgeWord> held_{"held"};
  std::uint32_t delayed_;
};

}  // namespace quatrain::rtl_models
