#pragma once
/// Sizes of a layer's tensors and of its three GEMMs (numerics.md section 6), as plain constexpr numbers that
/// device code may include too. No index maps: each machine lowers a convolution by itself.

#include <cstdint>
#include <string_view>

namespace quatrain::traces {

/// Of an operand: X, W or dZ. dX has the shape of X, dW that of W, Z that of dZ.
enum class Role : std::uint8_t { input, weight, gradient };
enum class Phase : std::uint8_t { forward, backward_data, backward_weight };

constexpr std::string_view name_of(Role role) {
  switch (role) {
    case Role::input:
      return "input";
    case Role::weight:
      return "weight";
    case Role::gradient:
      return "gradient";
  }
  return {};
}

struct PhaseInfo {
  std::string_view word;
  Role left = Role::input, right = Role::input;  ///< the operands
  Role result = Role::input;                     ///< whose shape the result has
};

constexpr PhaseInfo info_of(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return {"forward", Role::input, Role::weight, Role::gradient};
    case Phase::backward_data:
      return {"backward_data", Role::gradient, Role::weight, Role::input};
    case Phase::backward_weight:
      return {"backward_weight", Role::input, Role::gradient, Role::weight};
  }
  return {};
}
constexpr std::string_view name_of(Phase phase) { return info_of(phase).word; }

/// X [batch, in_channels, height, width]; W [out_channels, in_channels / groups, kernel_height,
/// kernel_width]; Z [batch, out_channels, out_height, out_width]. A linear layer has height = width = kernel
/// = 1.
struct Geometry {
  std::int64_t batch = 1;
  std::int64_t in_channels = 1, height = 1, width = 1;
  std::int64_t out_channels = 1, out_height = 1, out_width = 1;
  std::int64_t kernel_height = 1, kernel_width = 1;
  std::int64_t stride_height = 1, stride_width = 1;
  std::int64_t padding_height = 0, padding_width = 0;
  std::int64_t groups = 1;

  friend constexpr bool operator==(const Geometry&, const Geometry&) = default;
};

/// Output size of one axis: floor((size + 2 padding - kernel) / stride) + 1; 0 when the kernel does not fit.
constexpr std::int64_t output_size(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                                   std::int64_t padding) {
  const std::int64_t room = size + 2 * padding - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

constexpr std::int64_t input_elements(const Geometry& g) {
  return g.batch * g.in_channels * g.height * g.width;
}
constexpr std::int64_t weight_elements(const Geometry& g) {
  return g.out_channels * (g.in_channels / g.groups) * g.kernel_height * g.kernel_width;
}
constexpr std::int64_t output_elements(const Geometry& g) {
  return g.batch * g.out_channels * g.out_height * g.out_width;
}

constexpr std::int64_t elements_of(Role role, const Geometry& g) {
  switch (role) {
    case Role::input:
      return input_elements(g);
    case Role::weight:
      return weight_elements(g);
    case Role::gradient:
      return output_elements(g);
  }
  return 0;
}

/// Elements of the phase's natural operands and result: forward X, W -> Z; backward_data dZ, W -> dX;
/// backward_weight X, dZ -> dW.
constexpr std::int64_t left_elements(Phase phase, const Geometry& g) {
  return elements_of(info_of(phase).left, g);
}
constexpr std::int64_t right_elements(Phase phase, const Geometry& g) {
  return elements_of(info_of(phase).right, g);
}
constexpr std::int64_t result_elements(Phase phase, const Geometry& g) {
  return elements_of(info_of(phase).result, g);
}

/// m, n, k of one group, and how many groups there are.
struct GemmSize {
  std::int64_t m = 0, n = 0, k = 0, groups = 1;
  friend constexpr bool operator==(const GemmSize&, const GemmSize&) = default;
};

constexpr GemmSize gemm_size(Phase phase, const Geometry& g) {
  const std::int64_t taps = g.kernel_height * g.kernel_width;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  switch (phase) {
    case Phase::forward:
      return {g.batch * g.out_height * g.out_width, out, in * taps, g.groups};
    case Phase::backward_data:
      return {g.batch * g.height * g.width, in, out * taps, g.groups};
    case Phase::backward_weight:
      return {in * taps, out, g.batch * g.out_height * g.out_width, g.groups};
  }
  return {};
}

/// m n k groups: multiply-accumulates of one sample, out-of-range terms counted.
constexpr std::int64_t mac_count(const GemmSize& size) { return size.m * size.n * size.k * size.groups; }

}  // namespace quatrain::traces
