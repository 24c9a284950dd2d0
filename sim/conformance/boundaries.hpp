#pragma once
/// Where a quantizer goes from one code to the next, found by asking a machine: the magnitude of each element
/// is bisected. So no threshold, no draw and no scale is computed here, and an edge is one by construction.

#include "sim/conformance/case.hpp"

#include <vector>

namespace quatrain::sim {

/// Names the tensor's draws, as its record will.
struct CaseKey {
  std::uint32_t seed = 0, step = 0, layer = 0, sample = 0;
};

/// What machine.quantize() is asked for a case's tensor.
traces::QuantizerTask task_of(const CaseTensor& tensor, const CaseKey& key);

/// Steps of |code| that a rule has: 7 of sawb_int4 and of FP4's exponents, 15 of sawb_uint4.
unsigned steps_of(traces::Rule rule);

/// For each element i < levels.size() the smallest magnitude, 0 or more, whose |code| is above levels[i]:
/// element i of `tensor` takes magnitudes of 0 to `most`, the other elements stay as they are and hold the
/// maximum. `most` where none reaches. For FP4 |code| is its exponent field.
std::vector<float> smallest_above(const CaseTensor& tensor, const CaseKey& key,
                                  const std::vector<unsigned>& levels, float most, traces::Machine& machine);

/// A tensor of `elements` elements whose last one is the maximum `most`. Each other element stands at an edge
/// of its own draw, or at the float below it, with either sign. Elements of one draw go through the 7 edges
/// and the two sides in turn. luq_fp4 only.
void put_on_drawn_edges(CaseTensor& tensor, const CaseKey& key, std::size_t elements, float most,
                        traces::Machine& machine);

/// Behind `fixed`, which decide maximum and clip: for every step of the code the smallest magnitude above it,
/// the float below and the float above, each with every sign that the rule knows. nearest_fp4, sawb_int4,
/// sawb_uint4.
void put_on_edges(CaseTensor& tensor, const CaseKey& key, const std::vector<float>& fixed, float most,
                  traces::Machine& machine);

/// Element i shows bit `bit` (0 is the highest) of its draw, given the bits before: it goes up where that bit
/// is 0. The maximum, element 0, is 64, so alpha is 1. luq_fp4 only.
void put_on_draw_bit(CaseTensor& tensor, const CaseKey& key, unsigned bit, std::size_t elements,
                     traces::Machine& machine);

}  // namespace quatrain::sim
