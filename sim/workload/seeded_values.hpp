#pragma once
/// Codes for shapes that have no values: drawn from a seed, in shares that are typical of 4-bit training.
/// They are not from a training run. What they are for: activity, zero gating, and equal bits of the
/// simulated array on the shapes of a real network.
///
/// The shares are those of ideal tensors under the rules of numerics.md:
/// - int4: a normal distribution, clipped by SAWB (section 4) with its expected moments;
/// - uint4: the same, rectified: half of the elements are zero before they are quantized;
/// - fp4_e3m0: half of the elements are zero, as behind a ReLU; the others are log-normal with sigma 1.5 and
///   end three sigma above their median, where the largest code stands, rounded by LUQ (section 3).
/// docs/guides/studies.md compares them with a trained network.

#include "traces/encoding/codes.hpp"
#include "traces/geometry.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace quatrain::sim {

/// How often each code of a 4-bit encoding is drawn, in units of 2^-32; they sum to 2^32.
std::array<std::uint64_t, 16> drawn_shares(traces::Encoding encoding);

/// Names the values of one tensor: equal keys, equal values, on every computer.
struct SeededTensor {
  std::uint32_t seed = 0;
  std::string layer;
  traces::Role role = traces::Role::input;
  unsigned sample = 0;  ///< of a gradient
};

/// `elements` packed codes. The draws are the 32-bit halves, low half first, of the outputs of SplitMix64
/// (Steele, Lea, Flood, OOPSLA 2014) whose state begins as the first 16 hexadecimal digits of the SHA-256 of
/// "SEED/LAYER/ROLE/SAMPLE". A draw u gives the first code c for which the shares of the codes 0 to c sum to
/// more than u.
std::vector<std::uint8_t> drawn_codes(const SeededTensor& tensor, traces::Encoding encoding,
                                      std::uint64_t elements);

}  // namespace quatrain::sim
