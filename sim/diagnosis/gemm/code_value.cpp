/// One code of an operand counts as another value; or the last code behind an odd count is lost.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

namespace quatrain::sim::diagnosis {
namespace {

using traces::Encoding;

enum class Which : std::uint8_t { left, right };

/// The encoding is named: in another record the same code may be of another one.
GemmClaim claim(Which which, Encoding encoding, unsigned code, std::int64_t value) {
  const bool is_left = which == Which::left;
  const char* word = is_left ? "left" : "right";
  return {fmt::format("code_value.{}_{}_{:#x}_as_{}", word, traces::name_of(encoding), code, value),
          [=](const DifferingGemm&) {
            return fmt::format("equal the sum with the {} {} code {:#x} counted as {}", word,
                               traces::name_of(encoding), code, value);
          },
          [=](const DifferingGemm& gemm, const Sum& sum) {
            const Encoding left = gemm.left.encoding, right = gemm.right[0].encoding;
            return sum_of_pairs(sum, [&](unsigned a, unsigned b) -> std::int64_t {
              std::int64_t x = traces::code_values(left)[a], y = traces::code_values(right)[b];
              if (is_left && left == encoding && a == code) x = value;
              if (!is_left && right == encoding && b == code) y = value;
              return x * y;
            });
          }};
}

GemmClaim odd_end(Which which) {
  const bool is_left = which == Which::left;
  return {fmt::format("code_value.odd_end_{}", is_left ? "left" : "right"),
          [is_left](const DifferingGemm&) {
            return fmt::format(
                "equal the sum with the last code of the {} operand, behind an even count, as 0",
                is_left ? "left" : "right");
          },
          [is_left](const DifferingGemm& gemm, const Sum& sum) {
            const auto value = [](const Side& side, std::int64_t index, bool cut) {
              const auto count = static_cast<std::int64_t>(side.codes.size());
              return cut && count % 2 == 1 && index == count - 1 ? 0 : side.value(index);
            };
            return sum_of(
                gemm, sum, [&](const Term& term) { return value(gemm.left, term.left, is_left); },
                [&](const Side& right, const Term& term) { return value(right, term.right, !is_left); });
          }};
}

}  // namespace

std::vector<GemmClaim> code_value(const DifferingGemm& gemm, const Sum& first) {
  std::vector<GemmClaim> claims{odd_end(Which::left), odd_end(Which::right)};
  const std::int64_t change = std::int64_t{first.got} - first.expected;
  const auto& left = traces::code_values(gemm.left.encoding);
  const auto& right = traces::code_values(gemm.right[0].encoding);
  for (unsigned code = 0; code < 16; ++code) {
    std::int64_t of_left = 0, of_right = 0;  // the change of the sum for each step that the value is off
    for (unsigned other = 0; other < 16; ++other) {
      of_left += first.pairs[code][other] * right[other];
      of_right += first.pairs[other][code] * left[other];
    }
    if (of_left != 0 && change % of_left == 0)
      claims.push_back(claim(Which::left, gemm.left.encoding, code, left[code] + change / of_left));
    if (of_right != 0 && change % of_right == 0)
      claims.push_back(claim(Which::right, gemm.right[0].encoding, code, right[code] + change / of_right));
  }
  return claims;
}

}  // namespace quatrain::sim::diagnosis
