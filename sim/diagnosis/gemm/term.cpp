/// One term of k is missing, or counts twice.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

namespace quatrain::sim::diagnosis {
namespace {

enum class Mistake : std::uint8_t { dropped, doubled };

std::int64_t product(const DifferingGemm& gemm, const Term& term) {
  std::int64_t sum = 0;
  for (const Side& right : gemm.right) sum += gemm.left.value(term.left) * right.value(term.right);
  return sum;
}

/// `which`: k, or -1 for the last one.
GemmClaim claim(std::string_view word, std::int64_t which, Mistake mistake) {
  const char* verb = mistake == Mistake::dropped ? "without" : "with twice";
  const auto at = [which](const DifferingGemm& gemm) { return which < 0 ? gemm.size.k - 1 : which; };
  return {fmt::format("term.{}", word),
          [at, verb](const DifferingGemm& gemm) {
            return fmt::format("equal the sum {} the term of k = {} (of {})", verb, at(gemm), gemm.size.k);
          },
          [at, mistake](const DifferingGemm& gemm, const Sum& sum) -> std::optional<std::int64_t> {
            const std::int64_t k = at(gemm);
            if (k >= gemm.size.k) return sum.expected;
            const std::int64_t term = product(gemm, sum.terms[static_cast<std::size_t>(k)]);
            return sum.expected + (mistake == Mistake::dropped ? -term : term);
          }};
}

}  // namespace

std::vector<GemmClaim> term(const DifferingGemm& gemm, const Sum& first) {
  std::vector<GemmClaim> claims{
      claim("last_dropped", -1, Mistake::dropped), claim("first_dropped", 0, Mistake::dropped),
      claim("last_doubled", -1, Mistake::doubled), claim("first_doubled", 0, Mistake::doubled)};
  constexpr std::size_t most = 512;  // in a sum of many equal products every one fits: none is shown
  const std::int64_t change = std::int64_t{first.got} - first.expected;
  for (const Term& one : first.terms) {
    if (claims.size() > most) return {claims.begin(), claims.begin() + 4};
    const std::int64_t value = product(gemm, one);
    if (one.k == 0 || one.k + 1 == gemm.size.k || value == 0) continue;
    if (change == -value)
      claims.push_back(claim(fmt::format("dropped_at_{}", one.k), one.k, Mistake::dropped));
    if (change == value)
      claims.push_back(claim(fmt::format("doubled_at_{}", one.k), one.k, Mistake::doubled));
  }
  return claims;
}

}  // namespace quatrain::sim::diagnosis
