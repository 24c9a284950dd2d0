/// Something is left over: an accumulator that is not cleared, an operand or the result of the record before.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::diagnosis {
namespace {

template <typename Predict>
GemmClaim stale_claim(std::string_view word, std::string_view text, Predict predict) {
  return {fmt::format("stale.{}", word), [text](const DifferingGemm&) { return std::string(text); }, predict};
}

/// Every sum runs on over the row, or down the column.
std::optional<std::int64_t> running(const DifferingGemm& gemm, const Sum& sum,
                                    std::int64_t ResultPlace::*coordinate) {
  std::int64_t total = sum.expected;
  ResultPlace place = sum.place;
  while (place.*coordinate > 0) {
    --(place.*coordinate);
    total += gemm.expected[static_cast<std::size_t>(element_at(gemm.gemm, place))];
  }
  return total;
}

/// `stale`: which operand is that of the record before; nothing where it was shorter.
std::optional<std::int64_t> with_old_operand(const DifferingGemm& gemm, const Sum& sum, bool left_is_old) {
  if (gemm.before == nullptr) return std::nullopt;
  const Side& old_left = gemm.before->left;
  std::int64_t total = 0;
  for (std::size_t s = 0; s < gemm.right.size(); ++s) {
    const Side& old_right = gemm.before->right[std::min(s, gemm.before->right.size() - 1)];
    for (const Term& term : sum.terms) {
      const Side& stale = left_is_old ? old_left : old_right;
      const std::int64_t index = left_is_old ? term.left : term.right;
      if (index >= static_cast<std::int64_t>(stale.codes.size())) return std::nullopt;
      // read by the table of the operand that should be there: the bytes are old, the encoding is not
      const Side& now = left_is_old ? gemm.left : gemm.right[s];
      const int value =
          index < 0 ? 0 : traces::code_values(now.encoding)[stale.codes[static_cast<std::size_t>(index)]];
      total +=
          std::int64_t{value} * (left_is_old ? gemm.right[s].value(term.right) : gemm.left.value(term.left));
    }
  }
  return total;
}

std::optional<std::int64_t> old_result(const DifferingGemm& gemm, const Sum& sum,
                                       std::int64_t times_expected) {
  if (gemm.before == nullptr || sum.element >= static_cast<std::int64_t>(gemm.before->accumulators.size()))
    return std::nullopt;
  return gemm.before->accumulators[static_cast<std::size_t>(sum.element)] + times_expected * sum.expected;
}

}  // namespace

std::vector<GemmClaim> stale(const DifferingGemm& gemm, const Sum&) {
  std::vector<GemmClaim> claims{
      stale_claim(
          "accumulator",
          "equal the sum of all columns up to theirs: the accumulator is not cleared between columns",
          [](const DifferingGemm& g, const Sum& sum) { return running(g, sum, &ResultPlace::column); }),
      stale_claim("accumulator_rows",
                  "equal the sum of all rows up to theirs: the accumulator is not cleared between rows",
                  [](const DifferingGemm& g, const Sum& sum) { return running(g, sum, &ResultPlace::row); })};
  if (gemm.before == nullptr) return claims;
  claims.push_back(stale_claim("result", "are the result of the record before",
                               [](const DifferingGemm& g, const Sum& sum) { return old_result(g, sum, 0); }));
  claims.push_back(stale_claim("result_added", "equal the sum added to the result of the record before",
                               [](const DifferingGemm& g, const Sum& sum) { return old_result(g, sum, 1); }));
  claims.push_back(
      stale_claim("left", "equal the sum with the left operand of the record before",
                  [](const DifferingGemm& g, const Sum& sum) { return with_old_operand(g, sum, true); }));
  claims.push_back(
      stale_claim("right", "equal the sum with the right operand of the record before",
                  [](const DifferingGemm& g, const Sum& sum) { return with_old_operand(g, sum, false); }));
  return claims;
}

}  // namespace quatrain::sim::diagnosis
