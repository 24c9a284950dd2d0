#pragma once
/// What one operand link carries in a cycle: the code and the control bits that travel with it. A link
/// without an operand is all zeros.

#include <cstdint>

namespace sc_dt {
template <int width>
class sc_uint;
}

namespace quatrain::rtl_models {

using Link = std::uint8_t;            ///< as a number, in plain arrays
using LinkWires = sc_dt::sc_uint<8>;  ///< as wires

inline constexpr int valid_at = 4;   ///< an operand stands on the link
inline constexpr int first_at = 5;   ///< k = 0, left side only: the accumulator restarts
inline constexpr int last_at = 6;    ///< the stream's last operand, left side only
inline constexpr int bottom_at = 7;  ///< the tile's last row, left side only: `last` starts a drain there

/// On the top of a stationary array: an operand to be held enters, or nothing in its place.
inline constexpr int load_at = first_at;

inline constexpr Link code_bits = 0x0F;
inline constexpr Link valid_bit = 1 << valid_at, first_bit = 1 << first_at, last_bit = 1 << last_at,
                      bottom_bit = 1 << bottom_at, load_bit = 1 << load_at;

}  // namespace quatrain::rtl_models
