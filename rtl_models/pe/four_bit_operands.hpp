#pragma once
/// For kinds of PEs whose operands are the codes of the trace themselves.

#include "rtl_models/pe/mode.hpp"

namespace quatrain::rtl_models {

struct FourBitOperands {
  static constexpr unsigned operand_bits = 4;
  template <traces::Encoding, typename Lane>
  static constexpr Lane operand(Lane code) {
    return code;
  }
  static constexpr unsigned zero_mask(traces::Encoding encoding) { return code_zero_mask(encoding); }
};

}  // namespace quatrain::rtl_models
