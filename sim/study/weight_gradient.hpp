#pragma once
/// dW = X^T dZ in fp64 (numerics.md section 6), for several dZ at once. A statistic: nothing here is compared
/// bit for bit.

#include "traces/base/parallel_for.hpp"
#include "traces/encoding/codes.hpp"
#include "traces/geometry.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace quatrain::sim::study {

/// Code value x scale; one code per byte.
std::vector<double> decoded(traces::Encoding encoding, std::span<const std::uint8_t> codes, float scale);

/// dW [O, C/g, kh, kw] for each dZ [B, O, Ho, Wo]; input: X [B, C, H, W], which may have more images than
/// the geometry's batch. Every element is one sum in a fixed order. `stops` is polled; true throws
/// Interrupted.
std::vector<std::vector<double>> weight_gradients(const traces::Geometry& geometry,
                                                  std::span<const double> input,
                                                  std::span<const std::vector<double>> gradients,
                                                  base::ThreadPool& pool,
                                                  const std::function<bool()>& stops = {});

}  // namespace quatrain::sim::study
