#pragma once
/// GEMMs to test machines with, and their accumulators by the formulas of numerics.md section 6: loops over
/// the natural tensors, no lowering. Shares nothing with a machine but the tables and the sizes.

#include "tests/support/planted_fault.hpp"
#include "traces/encoding/nibbles.hpp"

#include <array>
#include <cstdint>
#include <random>
#include <vector>

namespace quatrain::tests {

/// What a machine may be asked to multiply: the phases with the encodings that occur in them.
struct Mode {
  traces::Phase phase;
  traces::Encoding left, right;
};
inline constexpr Mode int4_int4{traces::Phase::forward, traces::Encoding::int4, traces::Encoding::int4};
inline constexpr Mode uint4_int4{traces::Phase::forward, traces::Encoding::uint4, traces::Encoding::int4};
inline constexpr Mode fp4_int4{traces::Phase::backward_data, traces::Encoding::fp4_e3m0,
                               traces::Encoding::int4};
inline constexpr Mode int4_fp4{traces::Phase::backward_weight, traces::Encoding::int4,
                               traces::Encoding::fp4_e3m0};
inline constexpr Mode uint4_fp4{traces::Phase::backward_weight, traces::Encoding::uint4,
                                traces::Encoding::fp4_e3m0};
inline constexpr std::array<Mode, 5> five_modes{int4_int4, uint4_int4, fp4_int4, int4_fp4, uint4_fp4};

/// A code at a flat index.
struct CodeAt {
  std::int64_t element;
  std::uint8_t code;
};

/// Packed: all elements have one code but for a few.
inline std::vector<std::uint8_t> codes_but(std::int64_t elements, std::uint8_t usual,
                                           const std::vector<CodeAt>& others) {
  std::vector<std::uint8_t> all(static_cast<std::size_t>(elements), usual);
  for (const CodeAt& other : others) all[static_cast<std::size_t>(other.element)] = other.code;
  return traces::pack_nibbles(all);
}

/// Legal random codes; FP4 0x8 and INT4 -8 do not occur.
inline std::vector<std::uint8_t> random_codes(traces::Encoding encoding, std::int64_t elements,
                                              std::mt19937& random) {
  std::vector<std::uint8_t> codes;
  while (codes.size() < static_cast<std::size_t>(elements)) {
    const auto code = static_cast<std::uint8_t>(random() >> 28);
    if (traces::is_legal_code(encoding, code)) codes.push_back(code);
  }
  return traces::pack_nibbles(codes);
}

/// Completes out_height and out_width.
inline traces::Geometry with_output(traces::Geometry g) {
  g.out_height = traces::output_size(g.height, g.kernel_height, g.stride_height, g.padding_height);
  g.out_width = traces::output_size(g.width, g.kernel_width, g.stride_width, g.padding_width);
  return g;
}

inline GemmCase random_case(const traces::Gemm& gemm, traces::Encoding left, traces::Encoding right,
                            unsigned samples, unsigned seed) {
  std::mt19937 random(seed);
  GemmCase out{gemm, left, right, {}, {}, 0.5F, 0.25F};
  out.left = random_codes(left, traces::left_elements(gemm.phase, gemm.geometry), random);
  for (unsigned s = 0; s < samples; ++s)
    out.right.push_back(random_codes(right, traces::right_elements(gemm.phase, gemm.geometry), random));
  return out;
}

/// Every term of a convolution joins one x, one w and one z; the phase says which of the three is the result.
inline std::vector<std::int32_t> direct_product(const GemmCase& c) {
  const traces::Geometry& g = c.gemm.geometry;
  std::vector<std::int32_t> result(static_cast<std::size_t>(traces::result_elements(c.gemm.phase, g)));
  const auto value = [](traces::Encoding encoding, const std::vector<std::uint8_t>& codes, std::int64_t at) {
    return std::int32_t{
        traces::code_values(encoding)[traces::nibble_at(codes, static_cast<std::size_t>(at))]};
  };
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  for (const auto& right : c.right)
    for (std::int64_t b = 0; b < g.batch; ++b)
      for (std::int64_t o = 0; o < g.out_channels; ++o)
        for (std::int64_t ho = 0; ho < g.out_height; ++ho)
          for (std::int64_t wo = 0; wo < g.out_width; ++wo)
            for (std::int64_t channel = 0; channel < in; ++channel)
              for (std::int64_t i = 0; i < g.kernel_height; ++i)
                for (std::int64_t j = 0; j < g.kernel_width; ++j) {
                  const std::int64_t h = ho * g.stride_height + i - g.padding_height;
                  const std::int64_t w = wo * g.stride_width + j - g.padding_width;
                  if (h < 0 || h >= g.height || w < 0 || w >= g.width) continue;
                  const std::int64_t c_in = o / out * in + channel;
                  const std::int64_t x = ((b * g.in_channels + c_in) * g.height + h) * g.width + w;
                  const std::int64_t weight = ((o * in + channel) * g.kernel_height + i) * g.kernel_width + j;
                  const std::int64_t z = ((b * g.out_channels + o) * g.out_height + ho) * g.out_width + wo;
                  const bool forward = c.gemm.phase == traces::Phase::forward;
                  const bool data = c.gemm.phase == traces::Phase::backward_data;
                  const std::int64_t left_at = data ? z : x, right_at = forward || data ? weight : z;
                  const std::int64_t to = forward ? z : data ? x : weight;
                  result[static_cast<std::size_t>(to)] +=
                      value(c.left_encoding, c.left, left_at) * value(c.right_encoding, right, right_at);
                }
  return result;
}

inline std::vector<traces::Operand> right_operands(const GemmCase& c) {
  std::vector<traces::Operand> right;
  for (const auto& codes : c.right) right.push_back({c.right_encoding, c.right_scale, codes});
  return right;
}
inline traces::Operand left_operand(const GemmCase& c) { return {c.left_encoding, c.left_scale, c.left}; }

}  // namespace quatrain::tests
