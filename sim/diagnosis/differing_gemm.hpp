#pragma once
/// A GEMM whose accumulators or outputs are not the recorded ones, laid open for hypotheses: codes one per
/// byte, and the terms of each sum (numerics.md section 6) with the places that they are read from.

#include "sim/records/result_place.hpp"
#include "traces/machine.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim::diagnosis {

/// One index k of a sum. Channels count over all groups. The right element always lies in its tensor.
struct Term {
  std::int64_t k = 0;
  std::int64_t left = -1;  ///< flat index in the left tensor; -1 where the term is zero by index
  std::int64_t right = 0;  ///< flat index in the right tensor
  std::int64_t b = 0, c = 0, o = 0;
  std::int64_t h = 0, w = 0, ho = 0, wo = 0;  ///< may lie outside of the tensor
  std::int64_t i = 0, j = 0;
  bool exact = true;  ///< backward_data: both divisions are exact; (ho, wo) are rounded down
};

struct Side {
  traces::Encoding encoding = traces::Encoding::int4;
  float scale = 0;
  std::vector<std::uint8_t> codes;  ///< one per byte, natural order

  /// By the encoding's table; 0 for -1.
  int value(std::int64_t index) const {
    return index < 0 ? 0 : traces::code_values(encoding)[codes[static_cast<std::size_t>(index)]];
  }
};

/// What the machine was given and gave for the record before, for what may be left over from it.
struct GemmBefore {
  Side left;
  std::vector<Side> right;
  std::vector<std::int32_t> accumulators;
  float scale = 0;
};

struct DifferingGemm {
  std::string name;
  traces::Gemm gemm;
  traces::GemmSize size;
  Side left;
  std::vector<Side> right;  ///< one, or the samples of backward_weight
  std::vector<std::int32_t> expected, got;
  std::vector<float> expected_output, got_output;
  float scale = 0, got_scale = 0;
  const GemmBefore* before = nullptr;
  /// Elements that a second run of the machine gives with other bits than the first; absent when it was not
  /// run again.
  std::optional<std::uint64_t> unsteady;
};

DifferingGemm differing_gemm(std::string name, const traces::Gemm& gemm, const traces::Operand& left,
                             std::span<const traces::Operand> right);
Side side_of(const traces::Operand& operand, std::int64_t elements);

/// One element of the result with its terms, in the order of k.
struct Sum {
  std::int64_t element = 0;  ///< flat index
  ResultPlace place;
  std::int32_t expected = 0, got = 0;
  std::vector<Term> terms;
  /// How often left code a meets right code b, over all samples, terms that are zero by index left out.
  std::array<std::array<std::int64_t, 16>, 16> pairs = {};
};

Sum sum_at(const DifferingGemm& gemm, std::int64_t element);

/// Flat index of the result's element with this place.
std::int64_t element_at(const traces::Gemm& gemm, const ResultPlace& place);

/// left index -> value and (sample, right index) -> value, summed over terms and samples.
template <typename Left, typename Right>
std::int64_t sum_of(const DifferingGemm& gemm, const Sum& sum, const Left& left, const Right& right) {
  std::int64_t total = 0;
  for (std::size_t sample = 0; sample < gemm.right.size(); ++sample)
    for (const Term& term : sum.terms)
      total += static_cast<std::int64_t>(left(term)) * right(gemm.right[sample], term);
  return total;
}

/// (left code, right code) -> product, summed over the terms that are in range.
template <typename Product>
std::int64_t sum_of_pairs(const Sum& sum, const Product& product) {
  std::int64_t total = 0;
  for (unsigned a = 0; a < 16; ++a)
    for (unsigned b = 0; b < 16; ++b)
      if (sum.pairs[a][b] != 0) total += sum.pairs[a][b] * static_cast<std::int64_t>(product(a, b));
  return total;
}

}  // namespace quatrain::sim::diagnosis
