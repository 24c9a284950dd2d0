#pragma once
/// What one operand link carries in a cycle: 7 bits, the code and three control bits that travel with it.
/// A link without an operand is all zeros.

#include <cstdint>

namespace quatrain::rtl_models {

using Link = std::uint8_t;

inline constexpr Link code_bits = 0x0F;
inline constexpr Link valid_bit = 0x10;  ///< an operand stands on the link
inline constexpr Link first_bit = 0x20;  ///< k = 0, left side only: the accumulator restarts
inline constexpr Link last_bit = 0x40;   ///< the stream's last operand, left side only: starts the drain

}  // namespace quatrain::rtl_models
