#pragma once
/// Scale and inv of a tensor from its maximum and, for SAWB, its sums (numerics.md section 3, steps 3 to 5;
/// section 4, steps 5 to 7): a sequencer over one fp32 and one fp64 digit unit. An operation of a digit unit
/// takes one edge to load, one for each digit and one to round; every other operation takes one edge.

#include "rtl_models/quantizer/digit_unit.hpp"
#include "rtl_models/quantizer/lane.hpp"
#include "rtl_models/quantizer/ports.hpp"
#include "rtl_models/quantizer/moment_unit.hpp"

#include <systemc>

#include <cstdint>
#include <span>

namespace quatrain::rtl_models {

class ScaleUnit final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<QuantizerSettings> settings{"settings"};
  sc_core::sc_in<bool> start{"start"};
  sc_core::sc_in<MeasuredMaximum> measured{"measured"};
  sc_core::sc_in<MeasuredSums> sums{"sums"};
  sc_core::sc_out<Scaling> scaling{"scaling"};

  SC_HAS_PROCESS(ScaleUnit);
  explicit ScaleUnit(const sc_core::sc_module_name& name);

 private:
  /// What it computes, one after the other. Names are those of the text.
  enum class Operation : std::uint8_t {
    mean_square,     ///< A
    mean,            ///< B
    root,            ///< sqrt(A)
    first_product,   ///< c1 sqrt(A)
    second_product,  ///< c2 B
    difference,      ///< C
    three_means,     ///< 3 B
    clip,
    scale,   ///< clip / 7 or 15
    inverse  ///< 7 or 15 / clip, 64 / M
  };

  void on_edge();
  void begin();
  /// Loads a digit unit, or does the operation at once and returns true.
  bool load(Operation operation);
  void store(Operation operation);
  void choose_clip();
  void finish();
  bool is_integer() const;
  bool is_signed() const { return traces::takes_negative(settings.read().rule); }

  std::span<const Operation> left_;  ///< to do, the one at work first
  bool loaded_ = false;
  DigitUnit<Fp32> short_;
  DigitUnit<Fp64> long_;
  std::uint32_t maximum_ = 0;                                                             // fp32
  std::uint64_t mean_square_ = 0, mean_ = 0, root_ = 0, first_ = 0, second_ = 0, c_ = 0;  // fp64
  std::uint64_t three_means_ = 0;
  Scaling state_;
};

}  // namespace quatrain::rtl_models
