/// An operand is read, or the result written, with two axes exchanged.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

namespace quatrain::sim::diagnosis {
namespace {

using traces::Geometry;
using traces::Phase;
using traces::Role;

/// A natural tensor as [first][second][rest], row-major: X and dZ are [batch][channel][plane], W is
/// [out][in][taps].
struct Axes {
  std::int64_t first = 1, second = 1, rest = 1;
};

Axes axes_of(Role role, const Geometry& g) {
  switch (role) {
    case Role::input:
      return {g.batch, g.in_channels, g.height * g.width};
    case Role::weight:
      return {g.out_channels, g.in_channels / g.groups, g.kernel_height * g.kernel_width};
    case Role::gradient:
      return {g.batch, g.out_channels, g.out_height * g.out_width};
  }
  return {};
}

/// Where [first][second] stands if the tensor is taken for [second][first].
std::int64_t outer_exchanged(const Axes& axes, std::int64_t index) {
  const std::int64_t rest = index % axes.rest, outer = index / axes.rest;
  return (outer % axes.second * axes.first + outer / axes.second) * axes.rest + rest;
}

/// The same for the last axes: [second][rest] taken for [rest][second].
std::int64_t inner_exchanged(const Axes& axes, std::int64_t index) {
  const std::int64_t plane = axes.second * axes.rest, inner = index % plane;
  return index - inner + inner % axes.rest * axes.second + inner / axes.rest;
}

/// [first][second x rest] taken for [second x rest][first].
std::int64_t matrix_exchanged(const Axes& axes, std::int64_t index) {
  const std::int64_t columns = axes.second * axes.rest;
  return index % columns * axes.first + index / columns;
}

using Exchange = std::int64_t (*)(const Axes&, std::int64_t);

struct Way {
  std::string_view word, text;
  Exchange exchange;
};
constexpr Way ways[] = {{"", "read with its first two axes exchanged", outer_exchanged},
                        {"_matrix", "read as a matrix of [all other axes][first axis]", matrix_exchanged},
                        {"_inner", "read with its channels behind its plane", inner_exchanged}};

std::int64_t at(const Axes& axes, std::int64_t index, Exchange exchange) {
  return index < 0 ? index : exchange(axes, index);
}

GemmClaim operand_claim(bool is_left, const Way& way) {
  const char* side = is_left ? "left" : "right";
  return {fmt::format("transposition.{}{}", side, way.word),
          [=](const DifferingGemm&) {
            return fmt::format("equal the sum with the {} operand {}", side, way.text);
          },
          [is_left, exchange = way.exchange](const DifferingGemm& gemm, const Sum& sum) {
            const traces::PhaseInfo phase = info_of(gemm.gemm.phase);
            const Axes left = axes_of(phase.left, gemm.gemm.geometry),
                       right = axes_of(phase.right, gemm.gemm.geometry);
            return sum_of(
                gemm, sum,
                [&](const Term& term) {
                  return gemm.left.value(is_left ? at(left, term.left, exchange) : term.left);
                },
                [&](const Side& side_of_sample, const Term& term) {
                  return side_of_sample.value(is_left ? term.right : at(right, term.right, exchange));
                });
          }};
}

/// The sum of one element stands where another one belongs.
GemmClaim result_claim(const Way& way) {
  return {
      fmt::format("transposition.result{}", way.word),
      [](const DifferingGemm&) { return std::string("equal the result written with two axes exchanged"); },
      [exchange = way.exchange](const DifferingGemm& gemm, const Sum& sum) {
        const Axes axes = axes_of(info_of(gemm.gemm.phase).result, gemm.gemm.geometry);
        // what stands at `element` is the sum whose exchanged place is `element`: the inverse exchange
        const Axes inverse = exchange == outer_exchanged   ? Axes{axes.second, axes.first, axes.rest}
                             : exchange == inner_exchanged ? Axes{axes.first, axes.rest, axes.second}
                                                           : Axes{axes.second * axes.rest, axes.first, 1};
        return std::int64_t{gemm.expected[static_cast<std::size_t>(exchange(inverse, sum.element))]};
      }};
}

/// Group, row and column of a square result exchanged.
GemmClaim square_claim() {
  return {
      "transposition.rows_and_columns",
      [](const DifferingGemm&) { return std::string("equal the element of the exchanged row and column"); },
      [](const DifferingGemm& gemm, const Sum& sum) -> std::optional<std::int64_t> {
        if (gemm.size.m != gemm.size.n) return std::nullopt;
        const std::int64_t other = element_at(gemm.gemm, {sum.place.group, sum.place.column, sum.place.row});
        return gemm.expected[static_cast<std::size_t>(other)];
      }};
}

}  // namespace

std::vector<GemmClaim> transposition(const DifferingGemm&, const Sum&) {
  std::vector<GemmClaim> claims;
  for (const Way& way : ways) {
    claims.push_back(operand_claim(false, way));
    claims.push_back(operand_claim(true, way));
    claims.push_back(result_claim(way));
  }
  claims.push_back(square_claim());
  return claims;
}

}  // namespace quatrain::sim::diagnosis
