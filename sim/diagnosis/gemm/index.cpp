/// An operand is read one element too far or too early.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

namespace quatrain::sim::diagnosis {
namespace {

/// Nothing for what lies outside of the tensor: what a kernel finds there is not known.
std::optional<int> shifted(const Side& side, std::int64_t index, std::int64_t by) {
  if (index < 0) return 0;
  const std::int64_t at = index + by;
  if (at < 0 || at >= static_cast<std::int64_t>(side.codes.size())) return std::nullopt;
  return side.value(at);
}

GemmClaim claim(bool is_left, std::int64_t by) {
  const char* side = is_left ? "left" : "right";
  return {fmt::format("index.{}_{}", side, by > 0 ? "shifted" : "shifted_back"),
          [=](const DifferingGemm&) {
            return fmt::format("equal the sum with every element of the {} operand read one {}", side,
                               by > 0 ? "further" : "before");
          },
          [=](const DifferingGemm& gemm, const Sum& sum) -> std::optional<std::int64_t> {
            std::int64_t total = 0;
            for (const Side& right : gemm.right)
              for (const Term& term : sum.terms) {
                const auto x = shifted(gemm.left, term.left, is_left ? by : 0);
                const auto y = shifted(right, term.right, is_left ? 0 : by);
                if (!x || !y) return std::nullopt;
                total += std::int64_t{*x} * *y;
              }
            return total;
          }};
}

}  // namespace

std::vector<GemmClaim> index(const DifferingGemm&, const Sum&) {
  return {claim(true, 1), claim(false, 1), claim(true, -1), claim(false, -1)};
}

}  // namespace quatrain::sim::diagnosis
