#pragma once
/// INT4 only: the partial products of the default PE without its shifter. It has no mode for FP4, so it
/// computes the forward products of a training step.

#include "rtl_models/pe/four_bit_operands.hpp"
#include "rtl_models/pe/multiplier.hpp"

namespace quatrain::rtl_models {

struct Int4 : FourBitOperands {
  static constexpr bool has(PeMode mode) {
    return left_encoding(mode) != traces::Encoding::fp4_e3m0 &&
           right_encoding(mode) != traces::Encoding::fp4_e3m0;
  }
  template <PeMode mode, typename Lane>
  static constexpr Lane product(Lane left, Lane right) {
    static_assert(has(mode));
    return partial_products<left_encoding(mode) == traces::Encoding::int4>(left, sign_extended(right));
  }
};

}  // namespace quatrain::rtl_models
