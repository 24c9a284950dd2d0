#pragma once
/// GEMMs to test machines with.

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

inline std::vector<traces::Operand> right_operands(const GemmCase& c) {
  std::vector<traces::Operand> right;
  for (const auto& codes : c.right) right.push_back({c.right_encoding, c.right_scale, codes});
  return right;
}
inline traces::Operand left_operand(const GemmCase& c) { return {c.left_encoding, c.left_scale, c.left}; }

}  // namespace quatrain::tests
