#pragma once
/// Mistakes that can be planted inside the hardware model, one at a time, by test targets. Production code is
/// `Fault::none` only, for which every branch on a fault is compiled away.

#include <cstdint>

namespace quatrain::rtl_models {

enum class Fault : std::uint8_t {
  none,
  wrong_product,       ///< multiplier: left code 0x7 with right code 0x7 gives one too much
  shift_off_by_one,    ///< multiplier: FP4 exponent 7 shifts one place too far
  zero_not_gated,      ///< multiplier: an FP4 zero lets half of the other operand through
  unsigned_as_signed,  ///< multiplier: the top bit of a UINT4 code weighs -8
  accumulator_stale,   ///< PE: `first` does not clear the accumulator
  accumulator_16_bit,  ///< PE: the accumulator wraps at 16 bits
  skipped_last_k,      ///< feeder: the last operand of a stream is sent as zero
  swapped_nibble,      ///< feeder: the operand memory of the right side is read with its nibbles exchanged
  padding_off_by_one,  ///< feeder: the last row of a left plane counts as padding
  stale_right_panel,   ///< feeder: the second column of tiles is sent the operands of the first
  scale_one_ulp,       ///< epilogue: the scale is one unit in the last place too large
  samples_not_divided  ///< epilogue: backward_weight's scale is not divided by the number of samples
};

}  // namespace quatrain::rtl_models
