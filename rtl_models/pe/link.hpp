#pragma once
/// What one operand link carries in a cycle: the code and the control bits that travel with it. A link
/// without an operand is all zeros.

#include <cstdint>

namespace sc_dt {
template <int width>
class sc_uint;
}

namespace quatrain::rtl_models {

using Link = std::uint8_t;  ///< as a number: in plain arrays, and up to the edges of an array

inline constexpr int valid_at = 4;   ///< an operand stands on the link
inline constexpr int first_at = 5;   ///< k = 0, left side only: the accumulator restarts
inline constexpr int last_at = 6;    ///< the stream's last operand, left side only
inline constexpr int bottom_at = 7;  ///< the tile's last row, left side only: `last` starts a drain there

/// On the right side of an output-stationary array: the chunk's last product.
inline constexpr int closes_at = first_at;
/// On the top of a stationary array: an operand to be held enters, or nothing in its place.
inline constexpr int load_at = first_at;

inline constexpr Link code_bits = 0x0F;
inline constexpr Link valid_bit = 1 << valid_at, first_bit = 1 << first_at, last_bit = 1 << last_at,
                      bottom_bit = 1 << bottom_at, load_bit = 1 << load_at, closes_bit = 1 << closes_at;

/// Between PEs that are modules the code stands as the kind's operand, in wires of which it uses the low
/// ones; the control bits stand above them, in the same order, and above those one of floating-point
/// operands.
using LinkWires = sc_dt::sc_uint<21>;
inline constexpr int operand_wires = 16;
inline constexpr unsigned operand_wire_bits = (1U << operand_wires) - 1;
constexpr int wire_of(int control_at) { return control_at - valid_at + operand_wires; }
/// The term lies outside its tensor and is not added; left side only.
inline constexpr int outside_at = 8;

/// The wires of a link whose code stands as `operand`.
constexpr unsigned wires_of(Link link, unsigned operand) {
  return operand | (static_cast<unsigned>(link) >> valid_at << operand_wires);
}
/// The link's control bits on such wires, without its code.
constexpr Link control_on(unsigned wires) { return static_cast<Link>(wires >> operand_wires << valid_at); }

/// A link of floating-point operands as a number, up to the edges of an array too: as on the wires.
using WideLink = std::uint32_t;
constexpr WideLink wide(Link control) { return wires_of(control, 0); }
inline constexpr WideLink outside_bit = WideLink{1} << wire_of(outside_at);

}  // namespace quatrain::rtl_models
