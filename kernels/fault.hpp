#pragma once
/// Mistakes that can be planted inside the kernels, one at a time, by test targets. Production code is
/// `Fault::none` only, for which every branch on a fault is compiled away.

#include <cstdint>

namespace quatrain::kernels {

enum class Fault : std::uint8_t {
  none,
  wrong_product,         ///< multiplier: 7 times 7 gives one too much
  sign_lost,             ///< codec: an FP4 code loses its sign
  swapped_nibble,        ///< codec: the right operand's nibbles are exchanged
  swapped_packing,       ///< codec: a quantizer packs its codes with the nibbles exchanged
  skipped_last_k,        ///< tile: naive leaves out the last k; tiled drops what is left after whole tiles
  padding_repeats,       ///< tile: the row below a plane is its last row again, where it should be zero
  stale_tile,            ///< tiled: the right tile is loaded for the first k only
  missing_barrier,       ///< tiled: the next tile is loaded while others still read the last one
  lost_split,            ///< tiled: parts of k overwrite each other where they should add
  scale_one_ulp,         ///< epilogue: the scale is one unit in the last place too large
  rounded_once,          ///< epilogue: accumulator times scale is rounded once, where it should be twice
  samples_not_divided,   ///< epilogue: backward_weight's scale is not divided by the number of samples
  maximum_of_values,     ///< absmax: the maximum of x where it should be of |x|
  half_away_from_zero,   ///< SAWB: ties are rounded away from zero
  missing_clamp,         ///< SAWB: a code above 7 keeps its low four bits
  all_elements_counted,  ///< SAWB: uint4 counts zeros too
  threshold_greater,     ///< LUQ: up when above the threshold, where it should be at or above
  wrong_draw,            ///< LUQ: element i takes the draw of element i + 1
  draw_not_centred,      ///< LUQ: the threshold is u / 2^r, without the half step
  largest_not_clamped,   ///< LUQ: a value above the maximum gets exponent 0
  tie_to_lower           ///< FP4 to nearest: a tie always goes to the lower value
};

}  // namespace quatrain::kernels
