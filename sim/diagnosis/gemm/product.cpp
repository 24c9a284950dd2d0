/// Products are wrong: of one pair of codes, or all that do not fit a narrow register.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::diagnosis {
namespace {

using traces::Encoding;

std::int64_t product(const DifferingGemm& gemm, unsigned a, unsigned b) {
  return std::int64_t{traces::code_values(gemm.left.encoding)[a]} *
         traces::code_values(gemm.right[0].encoding)[b];
}

GemmClaim pair(const DifferingGemm& where, unsigned a, unsigned b, std::int64_t off) {
  const Encoding left = where.left.encoding, right = where.right[0].encoding;
  return {fmt::format("product.pair_{}_{:#x}_{}_{:#x}_{:+}", traces::name_of(left), a, traces::name_of(right),
                      b, off),
          [=](const DifferingGemm&) {
            return fmt::format(
                "equal the sum with the product of left {} code {:#x} and right {} code {:#x} {:+} off",
                traces::name_of(left), a, traces::name_of(right), b, off);
          },
          [=](const DifferingGemm& gemm, const Sum& sum) {
            const bool is_here = gemm.left.encoding == left && gemm.right[0].encoding == right;
            return sum.expected + (is_here ? off * sum.pairs[a][b] : 0);
          }};
}

template <typename Narrow>
GemmClaim narrow(std::string_view word, std::string_view text, Narrow narrowed) {
  return {fmt::format("product.{}", word),
          [text](const DifferingGemm&) { return fmt::format("equal the sum of products that {}", text); },
          [narrowed](const DifferingGemm& gemm, const Sum& sum) {
            return sum_of_pairs(sum, [&](unsigned a, unsigned b) { return narrowed(product(gemm, a, b)); });
          }};
}

}  // namespace

std::vector<GemmClaim> product(const DifferingGemm& gemm, const Sum& first) {
  std::vector<GemmClaim> claims{
      narrow("int8_wrapped", "wrap in 8 bits",
             [](std::int64_t p) { return std::int64_t{static_cast<std::int8_t>(p)}; }),
      narrow("int8_saturated", "saturate in 8 bits",
             [](std::int64_t p) { return std::clamp<std::int64_t>(p, -128, 127); }),
      narrow("uint8_wrapped", "wrap in 8 bits without a sign", [](std::int64_t p) { return p & 0xFF; })};
  const std::int64_t change = std::int64_t{first.got} - first.expected;
  for (unsigned a = 0; a < 16; ++a)
    for (unsigned b = 0; b < 16; ++b)
      if (const std::int64_t count = first.pairs[a][b]; count != 0 && change % count == 0)
        claims.push_back(pair(gemm, a, b, change / count));
  return claims;
}

}  // namespace quatrain::sim::diagnosis
