/// The window of a convolution, or its groups, are wrong: padding, stride, orientation, which group reads
/// what.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quatrain::sim::diagnosis {
namespace {

using traces::Geometry;
using traces::Phase;

/// The left operand's value at the (ho, wo) or (h, w) that a mistaken window gives; `term` has its i, j, b,
/// c, o.
int value_at(const DifferingGemm& gemm, const Geometry& g, const Term& term) {
  const bool is_gradient = gemm.gemm.phase == Phase::backward_data;
  const std::int64_t height = is_gradient ? g.out_height : g.height,
                     width = is_gradient ? g.out_width : g.width;
  const std::int64_t y = is_gradient ? term.ho : term.h, x = is_gradient ? term.wo : term.w;
  if (y < 0 || y >= height || x < 0 || x >= width) return 0;
  const std::int64_t channel = is_gradient ? term.o : term.c;
  const std::int64_t channels = is_gradient ? g.out_channels : g.in_channels;
  return gemm.left.value(((term.b * channels + channel) * height + y) * width + x);
}

/// The term where stride and padding are others.
int looking_by(const DifferingGemm& gemm, const Geometry& window, Term term) {
  if (gemm.gemm.phase == Phase::backward_data) {
    const std::int64_t y = term.h + window.padding_height - term.i,
                       x = term.w + window.padding_width - term.j;
    if (y < 0 || x < 0 || y % window.stride_height != 0 || x % window.stride_width != 0) return 0;
    term.ho = y / window.stride_height;
    term.wo = x / window.stride_width;
  } else {
    term.h = term.ho * window.stride_height + term.i - window.padding_height;
    term.w = term.wo * window.stride_width + term.j - window.padding_width;
  }
  return value_at(gemm, gemm.gemm.geometry, term);
}

template <typename Left, typename Right>
GemmClaim claim(std::string_view word, std::string_view text, Left left, Right right) {
  return {fmt::format("geometry.{}", word),
          [text](const DifferingGemm&) { return fmt::format("equal the sum {}", text); },
          [left, right](const DifferingGemm& gemm, const Sum& sum) {
            return sum_of(
                gemm, sum, [&](const Term& term) { return left(gemm, term); },
                [&](const Side& side, const Term& term) { return right(gemm, side, term); });
          }};
}

constexpr auto same_right = [](const DifferingGemm&, const Side& side, const Term& term) {
  return side.value(term.right);
};
constexpr auto same_left = [](const DifferingGemm& gemm, const Term& term) {
  return gemm.left.value(term.left);
};

template <typename Change>
GemmClaim window_claim(std::string_view word, std::string_view text, Change change) {
  return claim(
      word, text,
      [change](const DifferingGemm& gemm, const Term& term) {
        Geometry window = gemm.gemm.geometry;
        change(window);
        return looking_by(gemm, window, term);
      },
      same_right);
}

/// Padding, or the remainder of a division that is not exact, shows the nearest element.
int nearest(const DifferingGemm& gemm, Term term) {
  const Geometry& g = gemm.gemm.geometry;
  term.h = std::clamp<std::int64_t>(term.h, 0, g.height - 1);
  term.w = std::clamp<std::int64_t>(term.w, 0, g.width - 1);
  term.ho = std::clamp<std::int64_t>(term.ho, 0, g.out_height - 1);
  term.wo = std::clamp<std::int64_t>(term.wo, 0, g.out_width - 1);
  return value_at(gemm, g, term);
}

/// The tap (i, j) of the right weight turned by half a turn; backward_weight has its taps in the result.
int turned(const DifferingGemm& gemm, const Side& side, const Term& term) {
  const std::int64_t taps = gemm.gemm.geometry.kernel_height * gemm.gemm.geometry.kernel_width;
  return side.value(term.right - term.right % taps + taps - 1 - term.right % taps);
}

std::int64_t turned_result(const DifferingGemm& gemm, const Sum& sum) {
  const std::int64_t taps = gemm.gemm.geometry.kernel_height * gemm.gemm.geometry.kernel_width;
  const std::int64_t tap = sum.element % taps;
  return gemm.expected[static_cast<std::size_t>(sum.element - tap + taps - 1 - tap)];
}

GemmClaim window_turned() {
  return {
      "geometry.window_turned",
      [](const DifferingGemm&) { return std::string("equal the sum with the window turned by half a turn"); },
      [](const DifferingGemm& gemm, const Sum& sum) {
        if (gemm.gemm.phase == Phase::backward_weight) return turned_result(gemm, sum);
        return sum_of(
            gemm, sum, [&](const Term& term) { return same_left(gemm, term); },
            [&](const Side& side, const Term& term) { return turned(gemm, side, term); });
      }};
}

int right_of_first_group(const DifferingGemm& gemm, const Side& side, const Term& term) {
  const Geometry& g = gemm.gemm.geometry;
  const std::int64_t out = g.out_channels / g.groups, group = term.o / out;
  if (gemm.gemm.phase != Phase::backward_weight)
    return side.value(term.right - group * (traces::weight_elements(g) / g.groups));
  return side.value(term.right - group * out * g.out_height * g.out_width);
}

int left_of_first_group(const DifferingGemm& gemm, const Term& term) {
  if (term.left < 0) return 0;
  const Geometry& g = gemm.gemm.geometry;
  const std::int64_t group = term.o / (g.out_channels / g.groups);
  const bool is_gradient = gemm.gemm.phase == Phase::backward_data;
  const std::int64_t channels = (is_gradient ? g.out_channels : g.in_channels) / g.groups;
  const std::int64_t plane = is_gradient ? g.out_height * g.out_width : g.height * g.width;
  return gemm.left.value(term.left - group * channels * plane);
}

}  // namespace

std::vector<GemmClaim> geometry(const DifferingGemm&, const Sum&) {
  return {
      claim("groups", "with the right operand of group 0 in every group", same_left, right_of_first_group),
      claim("groups_left", "with the left operand of group 0 in every group", left_of_first_group,
            same_right),
      window_claim("stride", "with stride 1", [](Geometry& g) { g.stride_height = g.stride_width = 1; }),
      window_claim("stride_exchanged", "with the two strides exchanged",
                   [](Geometry& g) { std::swap(g.stride_height, g.stride_width); }),
      window_claim("padding", "with a padding of one less on both axes",
                   [](Geometry& g) {
                     g.padding_height = std::max<std::int64_t>(g.padding_height - 1, 0);
                     g.padding_width = std::max<std::int64_t>(g.padding_width - 1, 0);
                   }),
      window_claim("padding_missing", "without padding",
                   [](Geometry& g) { g.padding_height = g.padding_width = 0; }),
      window_claim("padding_exchanged", "with the two paddings exchanged",
                   [](Geometry& g) { std::swap(g.padding_height, g.padding_width); }),
      window_claim("padding_more", "with a padding of one more on both axes",
                   [](Geometry& g) { ++g.padding_height, ++g.padding_width; }),
      claim("padding_repeats", "with the nearest element in place of padding", nearest, same_right),
      claim(
          "division_rounded", "with divisions by the stride rounded down that are not exact",
          [](const DifferingGemm& gemm, const Term& term) {
            return gemm.gemm.phase == Phase::backward_data ? value_at(gemm, gemm.gemm.geometry, term)
                                                           : gemm.left.value(term.left);
          },
          same_right),
      window_turned()};
}

}  // namespace quatrain::sim::diagnosis
