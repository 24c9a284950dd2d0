#pragma once
/// What a kind of PE holds in its operand registers for a code of a trace.

#include "rtl_models/pe/link.hpp"
#include "rtl_models/pe/mode.hpp"

namespace quatrain::rtl_models {

template <typename Kind>
constexpr int operand_of(traces::Encoding encoding, int code) {
  switch (encoding) {
    case traces::Encoding::int4:
      return Kind::template operand<traces::Encoding::int4>(code);
    case traces::Encoding::uint4:
      return Kind::template operand<traces::Encoding::uint4>(code);
    case traces::Encoding::fp4_e3m0:
      return Kind::template operand<traces::Encoding::fp4_e3m0>(code);
    case traces::Encoding::int32:
    case traces::Encoding::fp32:
      break;  // no operand
  }
  __builtin_unreachable();
}

/// A kind of PE whose operands are floating-point numbers (float_mac.hpp).
template <typename Kind>
concept TakesNumbers = requires {
  typename Kind::Format;
};

/// A link at the edge of an array of the kind.
template <typename Kind>
struct EdgeLink {
  using Word = Link;
};
template <TakesNumbers Kind>
struct EdgeLink<Kind> {
  using Word = typename Kind::Word;
};
template <typename Kind>
using EdgeLinkOf = typename EdgeLink<Kind>::Word;

/// What enters the PEs of an edge for a link.
template <typename Kind>
constexpr unsigned entering(traces::Encoding encoding, EdgeLinkOf<Kind> link) {
  if constexpr (TakesNumbers<Kind>)
    return link;
  else
    return wires_of(link, static_cast<unsigned>(operand_of<Kind>(encoding, link & code_bits)));
}

}  // namespace quatrain::rtl_models
