/// Samples of backward_weight that are missing or taken for each other.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

namespace quatrain::sim::diagnosis {
namespace {

/// `weight`: how often sample s of n counts.
template <typename Weight>
GemmClaim claim(std::string_view word, std::string_view text, Weight weight) {
  return {fmt::format("samples.{}", word),
          [text](const DifferingGemm& gemm) {
            return fmt::format("equal the sum {} of the {} samples", text, gemm.right.size());
          },
          [weight](const DifferingGemm& gemm, const Sum& sum) {
            std::int64_t total = 0;
            for (std::size_t s = 0; s < gemm.right.size(); ++s)
              if (const std::int64_t times = weight(s, gemm.right.size()); times != 0)
                for (const Term& term : sum.terms)
                  total += times * gemm.left.value(term.left) * gemm.right[s].value(term.right);
            return total;
          }};
}

}  // namespace

std::vector<GemmClaim> samples(const DifferingGemm&, const Sum&) {
  using Size = std::size_t;
  return {claim("last_dropped", "without the last",
                [](Size s, Size n) { return std::int64_t{n == 1 || s + 1 < n}; }),
          claim("first_only", "with the first in place of each",
                [](Size s, Size n) { return s == 0 ? static_cast<std::int64_t>(n) : 0; }),
          claim("first_alone", "of the first alone", [](Size s, Size) { return std::int64_t{s == 0}; }),
          claim("last_only", "with the last in place of each",
                [](Size s, Size n) { return s + 1 == n ? static_cast<std::int64_t>(n) : 0; }),
          claim("last_alone", "of the last alone", [](Size s, Size n) { return std::int64_t{s + 1 == n}; })};
}

}  // namespace quatrain::sim::diagnosis
