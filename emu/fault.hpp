#pragma once
/// Mistakes that can be planted inside the emulator, one at a time, by test targets. Production code is
/// `Fault::none` only, for which every branch on a fault is compiled away.

#include <cstdint>

namespace quatrain::emu {

enum class Fault : std::uint8_t {
  none,
  // random words
  draw_index_off_by_one,  ///< element i is given the draw of element i + 1
  // LUQ and nearest_fp4
  threshold_from_u,       ///< t = u / 2^r in place of (2u + 1) / 2^(r+1)
  up_only_when_greater,   ///< g > t in place of g >= t
  inverse_of_maximum,     ///< inv = f32(64 * f32(1 / M)) in place of f32(64 / M)
  divided_by_alpha,       ///< y = f32(|x| / alpha) in place of f32(|x| * inv)
  nearest_ties_up,        ///< nearest_fp4: a tie always goes up
  maximum_without_minus,  ///< M = max x in place of max |x|
  // SAWB
  contracted_clip,      ///< c1 * sqrt(A) - c2 * B with one rounding less (fma)
  exponent_by_ceiling,  ///< p = ceil(log2 M): wrong when M is a power of two
  ties_away_from_zero,  ///< codes rounded half away from zero
  divided_by_scale,     ///< f32(x / scale) in place of f32(x * inv)
  missing_clamp,        ///< codes keep their low four bits in place of being clamped
  // products
  wrong_product,   ///< naive: left code 0x7 with right code 0x7 gives one too much; blocked: right code 0x7
                   ///< is one less than it is
  skipped_last_k,  ///< the last k is left out
  swapped_nibble,  ///< the right operand's nibbles are read in exchanged order
  stale_panel,     ///< blocked: the right operand is an earlier call's when its size is the same
  wrapped_sum,     ///< blocked: sums of 16 bits are widened too late
  // epilogue
  scale_one_ulp,       ///< the scale is one unit in the last place too large
  samples_not_divided  ///< backward_weight's scale is not divided by the number of samples
};

}  // namespace quatrain::emu
