#include "sim/diagnosis/differing_gemm.hpp"

#include "sim/records/window.hpp"
#include "traces/encoding/nibbles.hpp"

#include <tuple>
#include <utility>

namespace quatrain::sim::diagnosis {
namespace {

using traces::Geometry;
using traces::Phase;

std::int64_t input_index(const Geometry& g, const Term& term) {
  return ((term.b * g.in_channels + term.c) * g.height + term.h) * g.width + term.w;
}

std::int64_t output_index(const Geometry& g, const Term& term) {
  return ((term.b * g.out_channels + term.o) * g.out_height + term.ho) * g.out_width + term.wo;
}

std::int64_t weight_index(const Geometry& g, const Term& term) {
  const std::int64_t in = g.in_channels / g.groups;
  return ((term.o * in + term.c % in) * g.kernel_height + term.i) * g.kernel_width + term.j;
}

std::int64_t floor_of(std::int64_t value, std::int64_t divisor) {
  return value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor);
}

/// h and w of ho, wo, i and j.
void look_at_input(const Geometry& g, Term& term) {
  term.h = rows_of(g).input_at(term.ho, term.i);
  term.w = columns_of(g).input_at(term.wo, term.j);
  const bool inside = term.h >= 0 && term.h < g.height && term.w >= 0 && term.w < g.width;
  term.left = inside ? input_index(g, term) : -1;
}

/// ho and wo of h, w, i and j.
void look_at_output(const Geometry& g, Term& term) {
  const std::int64_t y = term.h + g.padding_height - term.i, x = term.w + g.padding_width - term.j;
  term.ho = floor_of(y, g.stride_height);
  term.wo = floor_of(x, g.stride_width);
  term.exact = term.ho * g.stride_height == y && term.wo * g.stride_width == x;
  const bool inside = term.ho >= 0 && term.ho < g.out_height && term.wo >= 0 && term.wo < g.out_width;
  term.left = term.exact && inside ? output_index(g, term) : -1;
}

/// Every (i, j) of one channel of the reduction.
template <typename Body>
void for_each_tap(const Geometry& g, Term& term, const Body& body) {
  for (term.i = 0; term.i < g.kernel_height; ++term.i)
    for (term.j = 0; term.j < g.kernel_width; ++term.j) body();
}

std::vector<Term> terms_of(const traces::Gemm& gemm, std::int64_t element) {
  const Geometry& g = gemm.geometry;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  std::vector<Term> terms;
  terms.reserve(static_cast<std::size_t>(traces::gemm_size(gemm.phase, g).k));
  Term term;
  const auto add = [&](std::int64_t right) {
    term.right = right;
    term.k = static_cast<std::int64_t>(terms.size());
    terms.push_back(term);
  };
  switch (gemm.phase) {
    case Phase::forward: {
      const auto index = index_in({g.batch, g.out_channels, g.out_height, g.out_width}, element);
      std::tie(term.b, term.o, term.ho, term.wo) = std::tie(index[0], index[1], index[2], index[3]);
      const std::int64_t first = term.o / out * in;
      for (term.c = first; term.c < first + in; ++term.c)
        for_each_tap(g, term, [&] {
          look_at_input(g, term);
          add(weight_index(g, term));
        });
      break;
    }
    case Phase::backward_data: {
      const auto index = index_in({g.batch, g.in_channels, g.height, g.width}, element);
      std::tie(term.b, term.c, term.h, term.w) = std::tie(index[0], index[1], index[2], index[3]);
      const std::int64_t first = term.c / in * out;
      for (term.o = first; term.o < first + out; ++term.o)
        for_each_tap(g, term, [&] {
          look_at_output(g, term);
          add(weight_index(g, term));
        });
      break;
    }
    case Phase::backward_weight: {
      const auto index = index_in({g.out_channels, in, g.kernel_height, g.kernel_width}, element);
      std::tie(term.o, term.c, term.i, term.j) = std::tie(index[0], index[1], index[2], index[3]);
      term.c += term.o / out * in;
      for (term.b = 0; term.b < g.batch; ++term.b)
        for (term.ho = 0; term.ho < g.out_height; ++term.ho)
          for (term.wo = 0; term.wo < g.out_width; ++term.wo) {
            look_at_input(g, term);
            add(output_index(g, term));
          }
      break;
    }
  }
  return terms;
}

}  // namespace

Side side_of(const traces::Operand& operand, std::int64_t elements) {
  return {operand.encoding, operand.scale,
          traces::unpack_nibbles(operand.codes, static_cast<std::size_t>(elements))};
}

DifferingGemm differing_gemm(std::string name, const traces::Gemm& gemm, const traces::Operand& left,
                             std::span<const traces::Operand> right) {
  DifferingGemm differing;
  differing.name = std::move(name);
  differing.gemm = gemm;
  differing.size = traces::gemm_size(gemm.phase, gemm.geometry);
  differing.left = side_of(left, traces::left_elements(gemm.phase, gemm.geometry));
  for (const traces::Operand& sample : right)
    differing.right.push_back(side_of(sample, traces::right_elements(gemm.phase, gemm.geometry)));
  return differing;
}

Sum sum_at(const DifferingGemm& gemm, std::int64_t element) {
  Sum sum;
  sum.element = element;
  sum.place = place_of_result(gemm.gemm, element);
  sum.expected = gemm.expected[static_cast<std::size_t>(element)];
  sum.got = gemm.got[static_cast<std::size_t>(element)];
  sum.terms = terms_of(gemm.gemm, element);
  for (const Side& sample : gemm.right)
    for (const Term& term : sum.terms)
      if (term.left >= 0)
        ++sum.pairs[gemm.left.codes[static_cast<std::size_t>(term.left)]]
                   [sample.codes[static_cast<std::size_t>(term.right)]];
  return sum;
}

std::int64_t element_at(const traces::Gemm& gemm, const ResultPlace& place) {
  const Geometry& g = gemm.geometry;
  const traces::GemmSize size = traces::gemm_size(gemm.phase, g);
  if (gemm.phase == Phase::backward_weight) return (place.group * size.n + place.column) * size.m + place.row;
  const bool forward = gemm.phase == Phase::forward;
  const std::int64_t plane = forward ? g.out_height * g.out_width : g.height * g.width;
  const std::int64_t channel = place.group * size.n + place.column;
  return (place.row / plane * (size.n * size.groups) + channel) * plane + place.row % plane;
}

}  // namespace quatrain::sim::diagnosis
