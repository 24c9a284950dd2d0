/// The two codes of a byte are taken in the wrong order.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

namespace quatrain::sim::diagnosis {
namespace {

/// Behind an odd count stands a nibble 0.
int neighbour(const Side& side, std::int64_t index) {
  if (index < 0) return 0;
  const std::int64_t other = index ^ 1;
  return other < static_cast<std::int64_t>(side.codes.size()) ? side.value(other) : 0;
}

GemmClaim claim(std::string_view word, std::string_view operands, bool left_swapped, bool right_swapped) {
  return {fmt::format("nibble_order.{}", word),
          [operands](const DifferingGemm&) {
            return fmt::format("equal the sum with the two nibbles of every byte of {} swapped", operands);
          },
          [=](const DifferingGemm& gemm, const Sum& sum) {
            return sum_of(
                gemm, sum,
                [&](const Term& term) {
                  return left_swapped ? neighbour(gemm.left, term.left) : gemm.left.value(term.left);
                },
                [&](const Side& right, const Term& term) {
                  return right_swapped ? neighbour(right, term.right) : right.value(term.right);
                });
          }};
}

}  // namespace

std::vector<GemmClaim> nibble_order(const DifferingGemm&, const Sum&) {
  return {claim("left", "the left operand", true, false), claim("right", "the right operand", false, true),
          claim("both", "both operands", true, true)};
}

}  // namespace quatrain::sim::diagnosis
