/// Products that show how an accumulator, a multiplier or a scale goes wrong.
#include "sim/conformance/codes.hpp"
#include "sim/conformance/families.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace quatrain::sim {
namespace {

using traces::Encoding;
using traces::GemmSize;
using traces::Geometry;
using traces::Phase;
using traces::Role;

std::optional<CaseTensor>& tensor_of(CaseStep& step, Role role) {
  switch (role) {
    case Role::input:
      return step.input;
    case Role::weight:
      return step.weight;
    case Role::gradient:
      return step.gradient;
  }
  __builtin_unreachable();
}

struct Scales {
  float left = 0.5F, right = 0.25F;
};

/// One product; `right`: the samples.
CaseStep product(const Mode& mode, const Geometry& geometry, Codes left, std::vector<Codes> right,
                 Scales scales = {}) {
  CaseStep step;
  step.geometry = geometry;
  step.phases = {mode.phase};
  const traces::PhaseInfo phase = traces::info_of(mode.phase);
  tensor_of(step, phase.left) = {
      .rule = rule_making(mode.left), .codes = {std::move(left)}, .scale = scales.left};
  tensor_of(step, phase.right) = {
      .rule = rule_making(mode.right), .codes = std::move(right), .scale = scales.right};
  return step;
}

CaseStep linear_product(const Mode& mode, const GemmSize& size, const CodeOf& left, const CodeOf& right) {
  LinearOperands operands = linear_operands(mode, size, left, right);
  return product(mode, linear_geometry(mode.phase, size.m, size.n, size.k), std::move(operands.left),
                 {std::move(operands.right)});
}

void emit(CaseMaking& making, std::string name, CaseStep step,
          traces::LayerKind kind = traces::LayerKind::linear) {
  CaseLayer layer = making.layer(std::move(name), kind);
  layer.steps.push_back(std::move(step));
  making.emit(layer);
}

/// Every code of one mode, as often as there are lines: line i has code i.
CodeOf every_code(Encoding encoding, std::int64_t at) {
  return [=](std::int64_t line, std::int64_t k) {
    return k == at ? legal_or_zero(encoding, static_cast<std::uint8_t>(line)) : std::uint8_t{0};
  };
}

using Terms = std::vector<std::pair<int, int>>;

/// m = n = 1: the terms of one sum, as values.
CaseStep one_sum(const Mode& mode, const Terms& terms, Scales scales = {}) {
  Codes left, right;
  for (const auto& [a, b] : terms) {
    left.push_back(code_of(mode.left, a));
    right.push_back(code_of(mode.right, b));
  }
  return product(mode, linear_geometry(mode.phase, 1, 1, static_cast<std::int64_t>(terms.size())),
                 traces::pack_nibbles(left), {traces::pack_nibbles(right)}, scales);
}

Terms repeated(int a, int b, std::size_t count, const Terms& more) {
  Terms terms(count, {a, b});
  terms.insert(terms.end(), more.begin(), more.end());
  return terms;
}

const Mode& mode_called(std::string_view word) {
  return *std::find_if(all_modes.begin(), all_modes.end(),
                       [&](const Mode& mode) { return mode.word == word; });
}

/// Sums beyond `magnitude` at every place of a tile.
CaseStep wide_tile(const Mode& mode, std::int64_t size, std::int64_t magnitude) {
  const std::int64_t terms = wide_terms(mode, magnitude);
  const auto value = [terms](const WideValues& values, std::int64_t k) {
    return k == terms ? values.last : values.usual;
  };
  return linear_product(
      mode, {size, size, terms + 1},
      [&](std::int64_t row, std::int64_t k) { return code_of(mode.left, value(wide_row(mode, row), k)); },
      [&](std::int64_t column, std::int64_t k) {
        return code_of(mode.right, value(wide_column(mode, column), k));
      });
}

/// The same sums, taken back term by term behind their middle: what is left is the product of the last terms.
/// The sign of the right operand turns, for each encoding on the right has one.
CaseStep cancelling_tile(const Mode& mode, std::int64_t size, std::int64_t magnitude) {
  const std::int64_t terms = wide_terms(mode, magnitude);
  return linear_product(
      mode, {size, size, 2 * terms + 1},
      [&](std::int64_t row, std::int64_t k) {
        const WideValues values = wide_row(mode, row);
        return code_of(mode.left, k == 2 * terms ? values.last : values.usual);
      },
      [&](std::int64_t column, std::int64_t k) {
        const WideValues values = wide_column(mode, column);
        const int usual = k < terms ? values.usual : -values.usual;
        return code_of(mode.right, k == 2 * terms ? values.last : usual);
      });
}

constexpr std::int64_t int16_most = 32'768;
constexpr std::int64_t float_most = 1 << 24;

}  // namespace

void make_pairs(CaseMaking& making) {
  constexpr std::pair<int, int> places[] = {{1, 0}, {2, 1}, {37, 0}, {37, 31}, {37, 36}, {64, 32}};
  for (const Mode& mode : all_modes)
    for (const auto& [k, at] : places)
      emit(making, fmt::format("pairs.{}.k{}.at{}", mode.word, k, at),
           linear_product(mode, {16, 16, k}, every_code(mode.left, at), every_code(mode.right, at)));
}

void make_index(CaseMaking& making) {
  const Geometry grouped = with_output({.batch = 3,
                                        .in_channels = 4,
                                        .height = 5,
                                        .width = 6,
                                        .out_channels = 6,
                                        .kernel_height = 3,
                                        .kernel_width = 2,
                                        .stride_height = 2,
                                        .stride_width = 1,
                                        .padding_height = 1,
                                        .padding_width = 1,
                                        .groups = 2});
  const unsigned digits = making.is_quick() ? 1 : 3;
  for (const Mode& mode : all_modes)
    for (const auto& [kind, geometry] :
         {std::pair{traces::LayerKind::linear, linear_geometry(mode.phase, 19, 37, 71)},
          std::pair{traces::LayerKind::conv2d, grouped}})
      for (unsigned digit = 0; digit < digits; ++digit) {
        const std::int64_t lefts = traces::left_elements(mode.phase, geometry);
        const std::int64_t rights = traces::right_elements(mode.phase, geometry);
        const std::int64_t slices =
            mode.phase == Phase::backward_weight ? geometry.batch : geometry.out_channels;
        const std::string end = fmt::format("{}.{}.digit{}", name_of(kind), mode.word, digit);
        emit(making, "index.left." + end,
             product(mode, geometry, index_codes(lefts, digit), {one_hot_codes(rights, slices)}), kind);
        emit(making, "index.right." + end,
             product(mode, geometry, one_hot_codes(lefts, geometry.batch), {index_codes(rights, digit)}),
             kind);
      }
}

void make_saturate(CaseMaking& making) {
  const std::vector<std::int64_t> sizes = making.is_quick()
                                              ? std::vector<std::int64_t>{32, 65}
                                              : std::vector<std::int64_t>{16, 32, 64, 65, 128, 256};
  for (const std::int64_t size : sizes)
    for (const Mode& mode : all_modes)
      emit(making, fmt::format("saturate.int16.{}.{}", size, mode.word), wide_tile(mode, size, int16_most));
  if (making.is_quick()) return;
  for (const Mode& mode : all_modes)  // beyond the 24 bits of a float
    if (mode.right == Encoding::fp4_e3m0 || mode.left == Encoding::fp4_e3m0)
      emit(making, fmt::format("saturate.fp32.8.{}", mode.word), wide_tile(mode, 8, float_most));
}

void make_cancel(CaseMaking& making) {
  const std::vector<std::int64_t> sizes =
      making.is_quick() ? std::vector<std::int64_t>{33} : std::vector<std::int64_t>{32, 65, 128};
  for (const std::int64_t size : sizes)
    for (const Mode& mode : all_modes)
      emit(making, fmt::format("cancel.int16.{}.{}", size, mode.word),
           cancelling_tile(mode, size, int16_most));
}

void make_sums(CaseMaking& making) {
  const Mode& int4_int4 = mode_called("int4_int4");
  const Mode& uint4_int4 = mode_called("uint4_int4");
  const Mode& fp4_int4 = mode_called("fp4_int4");
  const Mode& int4_fp4 = mode_called("int4_fp4");
  const Mode& uint4_fp4 = mode_called("uint4_fp4");
  const auto add = [&](std::string_view name, const Mode& mode, const Terms& terms) {
    emit(making, fmt::format("sums.{}.{}", name, mode.word), one_sum(mode, terms));
  };
  add("one_term", int4_int4, {{-7, 7}});
  add("2049", uint4_int4, repeated(15, 7, 19, {{9, 6}}));
  for (const int count : {5, 19, 74, 1'171})  // beyond 12, 14, 16, 20 bits with a sign
    add(fmt::format("{}_times_448_and_1", count), int4_fp4,
        repeated(7, 64, static_cast<std::size_t>(count), {{1, 1}}));
  for (const int count : {3, 9, 35, 547})
    add(fmt::format("{}_times_-960_and_1", count), uint4_fp4,
        repeated(15, -64, static_cast<std::size_t>(count), {{1, 1}}));
  add("fp16_loses_1", int4_fp4, {{7, 64}, {7, 64}, {7, 64}, {7, 64}, {4, 64}, {1, 1}});
  add("bf16_loses_1", int4_fp4, {{4, 64}, {1, 1}});
  add("fp32_loses_1", int4_fp4, repeated(7, 64, 37'449, {{1, 64}, {1, 1}}));
  add("fp32_loses_-1", fp4_int4, repeated(-64, 7, 37'449, {{64, -1}, {-1, 1}}));
  add("fp32_loses_1", uint4_fp4, repeated(15, 64, 17'476, {{4, 64}, {1, 1}}));
  add("fp32_rounds_up", uint4_fp4, repeated(15, 64, 17'476, {{4, 64}, {3, 1}}));
  add("fp32_and_back", int4_fp4, repeated(7, 64, 37'451, {{-7, 64}, {-7, 64}, {-1, 1}}));
  if (making.is_quick()) return;
  // The longest that int32 allows: one more term, and the product is refused (numerics.md section 6).
  add("longest", fp4_int4, repeated(-64, 7, 4'793'490, {}));
  CaseStep samples = one_sum(uint4_fp4, repeated(15, 64, 139'810, {}));
  samples.gradient->codes.resize(16, samples.gradient->codes[0]);
  emit(making, "sums.longest_16_samples.uint4_fp4", std::move(samples));
}

/// One layer a kind; the codes of all its steps are the same and their scales are not, so a stale scale shows
/// too.
void make_scales(CaseMaking& making) {
  struct Step {
    Scales scales;
    unsigned samples = 1;
  };
  const auto add = [&](std::string_view name, const Mode& mode, const std::vector<Step>& steps) {
    CaseLayer layer = making.layer(fmt::format("scales.{}.{}", name, mode.word));
    const Geometry geometry = {.batch = 5, .in_channels = 9, .out_channels = 7};
    for (const Step& step : steps) {
      std::mt19937 random(21);
      Codes left = random_codes(mode.left, traces::left_elements(mode.phase, geometry), random);
      std::vector<Codes> right;
      while (right.size() < step.samples)
        right.push_back(random_codes(mode.right, traces::right_elements(mode.phase, geometry), random));
      if (step.scales.left == 0) std::fill(left.begin(), left.end(), std::uint8_t{0});
      if (step.scales.right == 0)
        for (Codes& sample : right) std::fill(sample.begin(), sample.end(), std::uint8_t{0});
      layer.steps.push_back(product(mode, geometry, std::move(left), std::move(right), step.scales));
      layer.steps.back().step = static_cast<std::uint32_t>(layer.steps.size() - 1);
    }
    making.emit(layer);
  };
  for (const Mode& mode : all_modes) {
    add("inexact", mode,
        {{{0.1F, 0.37F}}, {{0.2F, 0.37F}}, {{0.1F, 0.0057812497F}}, {{0x1.fffffep0F, 0x1.fffffep0F}}});
    add("subnormal", mode, {{{0x1p-70F, 0x1p-70F}}, {{0x1.8p-70F, 0x1.4p-72F}}});
    add("vanishing", mode, {{{0x1p-90F, 0x1p-90F}}, {{0x1p-75F, 0x1p-75F}}, {{0x1.8p-75F, 0x1p-75F}}});
    add("overflow", mode, {{{0x1p63F, 0x1p63F}}, {{0x1.fffffep63F, 0x1p64F}}});
    add("zero", mode, {{{0, 0.3F}}, {{0.7F, 0}}, {{0, 0}}, {{0.7F, 0.3F}}});
  }
  for (const std::string_view word : {"int4_fp4", "uint4_fp4"}) {
    const Mode& mode = mode_called(word);
    std::vector<Step> steps;
    for (const unsigned samples : {1U, 2U, 3U, 4U, 7U, 8U, 16U}) steps.push_back({{0.1F, 0.0057812497F}, samples});
    add("samples", mode, steps);
    add("rounded_twice", mode, {{{0x1.4p-74F, 0x1p-74F}, 4}, {{0x1.8p-74F, 0x1p-74F}, 2}});
  }
  // 50,331,651 is nearest to 50,331,652; of an accumulator that was rounded first 50,331,648 is left
  emit(making, "scales.large_sum_times_3.uint4_fp4",
       one_sum(mode_called("uint4_fp4"), repeated(15, 64, 17'476, {{4, 64}, {1, 1}}), {3, 1}));
}

}  // namespace quatrain::sim
