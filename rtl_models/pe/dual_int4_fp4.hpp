#pragma once
/// The default PE: INT4 x INT4 by partial products, INT4 x FP4 by a shift (multiplier.hpp).
///
/// A kind of PE is a class like this one (docs/guides/pe.md):
/// - `operand_bits`: of its operand registers; `operand<encoding>(code)`: what stands there for a code of a
///   trace, 0 for code 0; `zero_mask(encoding)`: the bits of an operand that are all 0 exactly when its value
///   is zero.
/// - `has(mode)`: whether it multiplies what stands on the inputs in this mode.
/// - `product<mode>(left, right)`: of two operands, in units of the scales; at most 16 bits.

#include "rtl_models/pe/four_bit_operands.hpp"
#include "rtl_models/pe/multiplier.hpp"

namespace quatrain::rtl_models {

struct DualInt4Fp4 : FourBitOperands {
  static constexpr bool has(PeMode) { return true; }
  template <PeMode mode, typename Lane>
  static constexpr Lane product(Lane left, Lane right) {
    return rtl_models::product<mode>(left, right);
  }
};

}  // namespace quatrain::rtl_models
