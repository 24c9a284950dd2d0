#pragma once
/// Sources for quantizers, and layers around one tensor.

#include "sim/conformance/boundaries.hpp"
#include "sim/conformance/families.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <utility>

namespace quatrain::sim {

inline constexpr float largest_float = std::numeric_limits<float>::max();
inline float above(float x) { return std::nextafter(x, std::numeric_limits<float>::infinity()); }
inline float below(float x) { return std::nextafter(x, -std::numeric_limits<float>::infinity()); }

inline std::vector<float> repeated(float x, std::size_t count) { return std::vector<float>(count, x); }
std::vector<float> appended(std::vector<float> front, const std::vector<float>& back);
/// None below zero, for sawb_uint4.
std::vector<float> magnitudes(std::vector<float> source);

/// Lognormal magnitudes below `scale`, of either sign: most elements far below the largest, as in gradients.
std::vector<float> heavy_tailed(std::size_t count, unsigned seed, float scale);
/// Any finite floats.
std::vector<float> any_finite(std::size_t count, unsigned seed);

/// A linear layer that shows one tensor in each step: inputs [1, n] or gradients [1, n] of one size n.
CaseLayer layer_of_tensors(CaseMaking& making, std::string name, std::vector<CaseTensor> steps);

/// What draws the tensor of a layer's step. Ask before the layer is made: it will have the next id.
inline CaseKey next_key(const CaseMaking& making, std::uint32_t step = 0, std::uint32_t sample = 0) {
  return {making.seed, step, making.next_layer, sample};
}

}  // namespace quatrain::sim
