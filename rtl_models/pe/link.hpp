#pragma once
/// What one operand link carries in a cycle: 7 bits, the code and three control bits that travel with it.
/// A link without an operand is all zeros.

#include <cstdint>

namespace sc_dt {
template <int width>
class sc_uint;
}

namespace quatrain::rtl_models {

using Link = std::uint8_t;            ///< as a number, in plain arrays
using LinkWires = sc_dt::sc_uint<7>;  ///< as wires

inline constexpr int valid_at = 4;  ///< an operand stands on the link
inline constexpr int first_at = 5;  ///< k = 0, left side only: the accumulator restarts
inline constexpr int last_at = 6;   ///< the stream's last operand, left side only: starts the drain

inline constexpr Link code_bits = 0x0F;
inline constexpr Link valid_bit = 1 << valid_at, first_bit = 1 << first_at, last_bit = 1 << last_at;

}  // namespace quatrain::rtl_models
