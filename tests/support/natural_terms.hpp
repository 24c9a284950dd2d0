#pragma once
/// The terms of a GEMM by the definitions of numerics.md section 6, one by one: which element of the natural
/// left and right tensor row m, column n and step k of a group join. Slow and literal, to hold closed forms
/// against.

#include "traces/machine.hpp"

#include <cstdint>
#include <optional>
#include <random>

namespace quatrain::tests {

/// Flat index into the left tensor (X, or dZ in backward_data); nothing where the term is zero by index.
inline std::optional<std::int64_t> left_element(const traces::Gemm& gemm, std::int64_t group, std::int64_t m,
                                                std::int64_t k) {
  const traces::Geometry& g = gemm.geometry;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  const std::int64_t taps = g.kernel_height * g.kernel_width;
  if (gemm.phase == traces::Phase::backward_data) {
    const std::int64_t b = m / (g.height * g.width), h = m / g.width % g.height, w = m % g.width;
    const std::int64_t o = group * out + k / taps, i = k % taps / g.kernel_width, j = k % g.kernel_width;
    const std::int64_t y = h + g.padding_height - i, x = w + g.padding_width - j;
    if (y % g.stride_height != 0 || x % g.stride_width != 0) return std::nullopt;
    const std::int64_t ho = y / g.stride_height, wo = x / g.stride_width;
    if (y < 0 || x < 0 || ho >= g.out_height || wo >= g.out_width) return std::nullopt;
    return ((b * g.out_channels + o) * g.out_height + ho) * g.out_width + wo;
  }
  const bool forward = gemm.phase == traces::Phase::forward;
  const std::int64_t position = forward ? m : k, term = forward ? k : m;
  const std::int64_t b = position / (g.out_height * g.out_width), ho = position / g.out_width % g.out_height,
                     wo = position % g.out_width;
  const std::int64_t c = group * in + term / taps, i = term % taps / g.kernel_width,
                     j = term % g.kernel_width;
  const std::int64_t h = ho * g.stride_height + i - g.padding_height,
                     w = wo * g.stride_width + j - g.padding_width;
  if (h < 0 || h >= g.height || w < 0 || w >= g.width) return std::nullopt;
  return ((b * g.in_channels + c) * g.height + h) * g.width + w;
}

/// Flat index into the right tensor (W, or dZ in backward_weight).
inline std::int64_t right_element(const traces::Gemm& gemm, std::int64_t group, std::int64_t n,
                                  std::int64_t k) {
  const traces::Geometry& g = gemm.geometry;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  const std::int64_t taps = g.kernel_height * g.kernel_width, plane = g.out_height * g.out_width;
  if (gemm.phase == traces::Phase::forward) return (group * out + n) * in * taps + k;
  if (gemm.phase == traces::Phase::backward_data)
    return ((group * out + k / taps) * in + n) * taps + k % taps;
  return (k / plane * g.out_channels + group * out + n) * plane + k % plane;
}

/// Small convolutions with strides, paddings, uneven kernels and groups.
inline traces::Geometry random_geometry(std::mt19937& random) {
  const auto pick = [&](std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(random()) % (most - least + 1);
  };
  traces::Geometry g;
  g.groups = pick(1, 3);
  g.batch = pick(1, 3), g.in_channels = g.groups * pick(1, 3), g.out_channels = g.groups * pick(1, 5);
  g.kernel_height = pick(1, 3), g.kernel_width = pick(1, 3);
  g.stride_height = pick(1, 3), g.stride_width = pick(1, 3);
  g.padding_height = pick(0, 2), g.padding_width = pick(0, 2);
  g.height = pick(g.kernel_height, 7), g.width = pick(g.kernel_width, 7);
  g.out_height = traces::output_size(g.height, g.kernel_height, g.stride_height, g.padding_height);
  g.out_width = traces::output_size(g.width, g.kernel_width, g.stride_width, g.padding_width);
  return g;
}

inline constexpr traces::Phase all_phases[] = {traces::Phase::forward, traces::Phase::backward_data,
                                               traces::Phase::backward_weight};

}  // namespace quatrain::tests
