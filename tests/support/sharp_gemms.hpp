#pragma once
/// GEMMs that random data hardly are: all pairs of codes, operands that name the index they were read from,
/// sums beyond 24 bits, scales and outputs at the ends of fp32, ragged sizes. Expected results come from the
/// exact oracle.

#include "tests/support/gemm_cases.hpp"

#include <string>
#include <vector>

namespace quatrain::tests {

struct SharpGemm {
  std::string name;
  GemmCase c;
  traces::GemmResult expected;
};

SharpGemm with_expected(std::string name, GemmCase c);

/// m x n x k of one linear layer in the mode's phase.
traces::Geometry linear_geometry(traces::Phase phase, std::int64_t m, std::int64_t n, std::int64_t k);

/// Every left code against every right code (FP4 0x8 is none and stands as zero) at reduction index `at` of
/// `k`, zeros elsewhere: 16 x 16 outputs, each one product.
SharpGemm all_pairs(const Mode& mode, std::int64_t k, std::int64_t at);

enum class Indexed : std::uint8_t { left, right };

/// One operand holds digit `digit` of its flat indices as codes, the other one a single 1 in each slice of
/// its first axis: outputs name the elements that were read.
SharpGemm ramp(const traces::Gemm& gemm, const Mode& mode, Indexed indexed, unsigned digit);

/// Sizes at which tilings end raggedly, paddings that reach over whole kernels, strides beyond the kernel,
/// groups, planes of one element.
std::vector<traces::Geometry> edge_geometries();

std::vector<SharpGemm> sharp_gemms();

/// Most windows lie far outside the plane. A machine may refuse them: a border may be too large to lay out.
std::vector<SharpGemm> far_padded_gemms();

/// The longest reductions that int32 allows: seconds on a simulated array.
std::vector<SharpGemm> longest_gemms();

/// size x size outputs, all beyond 16 bits and of both signs in a pattern: a partial sum of 16 bits that
/// saturates or wraps anywhere in a tile shows there. Expected sums are in closed form. One GEMM for each
/// mode.
std::vector<SharpGemm> wide_sums(std::int64_t size);

/// More than 65,536 elements on the left, on the right and in the result, and one layer of several tasks of
/// rows.
std::vector<SharpGemm> large_gemms();

/// What a machine must refuse, and the words that its message must hold.
struct RefusedGemm {
  std::string name;
  GemmCase c;
  std::vector<std::string> named;
};
std::vector<RefusedGemm> refused_gemms();

}  // namespace quatrain::tests
