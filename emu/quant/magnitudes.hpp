#pragma once
/// What a quantizer needs to know of a tensor first. Whoever writes the tensor can find it in passing, which
/// saves the quantizer a way through memory.

#include <cstdint>

namespace quatrain::emu {

struct Magnitudes {
  std::int32_t largest = 0;        ///< the bits of max |x|; 0x7F800000 or more where an element is not finite
  bool may_be_below_zero = false;  ///< false: no element is
};

}  // namespace quatrain::emu
