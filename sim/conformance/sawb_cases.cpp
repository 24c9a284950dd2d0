/// sawb_int4 and sawb_uint4: every edge under clips of all kinds, and what decides the clip.
#include "sim/conformance/tensors.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim {
namespace {

using traces::Rule;

/// Codes go up at a half: with scale 1 the halves are ties.
std::vector<float> ties_of(Rule rule) {
  std::vector<float> source;
  if (rule == Rule::sawb_int4) {
    for (int i = 0; i < 16; ++i) source.push_back(i % 2 == 0 ? 7.0F : -7.0F);
    for (int i = 0; i < 13; ++i) source.push_back(static_cast<float>(i) - 5.5F);
    source.resize(64);
  } else {
    source = repeated(15, 112);
    for (int i = 0; i < 15; ++i) source.push_back(static_cast<float>(i) + 0.5F);
  }
  return source;
}

float clip_of(const CaseTensor& tensor, const CaseKey& key, traces::Machine& machine) {
  return std::get<traces::SawbFacts>(machine.quantize(task_of(tensor, key)).facts).clip;
}

/// So many elements of one magnitude that the clip is the maximum, wherever the others stand.
CaseTensor edges_at(Rule rule, const CaseKey& key, float clip, traces::Machine& machine) {
  CaseTensor tensor{.rule = rule};
  put_on_edges(tensor, key, repeated(clip, 2000), clip, machine);
  return tensor;
}

/// Edges under a clip below the maximum. To move elements to its edges changes the clip a little, so they are
/// moved again until it stays. Throws Error when it does not.
CaseTensor edges_of_natural_clip(Rule rule, const CaseKey& key, unsigned seed, traces::Machine& machine) {
  CaseTensor tensor{.rule = rule, .source = heavy_tailed(509, seed, 0.37F)};
  if (rule == Rule::sawb_uint4) tensor.source = magnitudes(std::move(tensor.source));
  float clip = clip_of(tensor, key, machine);
  for (int round = 0; round < 20; ++round) {
    const CaseTensor edges = edges_at(rule, key, clip, machine);
    std::copy_n(edges.source.begin(), edges.source.size() - 2000, tensor.source.begin());
    const float next = clip_of(tensor, key, machine);
    if (next == clip) return tensor;
    clip = next;
  }
  throw base::Error("{} of seed {}: the clip does not settle", name_of(rule), seed);
}

/// One element 1, `count` of n at 1/2, the rest zero: C / B falls through 3/2 as the count grows.
std::vector<float> half_and_zeros(std::size_t count, std::size_t n) {
  std::vector<float> source = appended({1}, repeated(0.5F, count));
  source.resize(n);
  return source;
}

/// Exact in fixed point: M = 1, so m = 2^15 |x|.
std::vector<float> from_fixed_point(int m, std::size_t count, int other, std::size_t n) {
  std::vector<float> source = appended({1, std::ldexp(static_cast<float>(other), -15)},
                                       repeated(std::ldexp(static_cast<float>(m), -15), count));
  source.resize(n);
  return source;
}

void make_rule(CaseMaking& making, Rule rule) {
  const auto add = [&](std::string_view name, CaseTensor tensor) {
    making.emit(layer_of_tensors(making, fmt::format("{}.{}", name_of(rule), name), {std::move(tensor)}));
  };
  const auto add_source = [&](std::string_view name, std::vector<float> source) {
    if (rule == Rule::sawb_uint4) source = magnitudes(std::move(source));
    add(name, {.rule = rule, .source = std::move(source)});
  };
  add_source("ties", ties_of(rule));
  constexpr std::pair<std::string_view, float> all_clips[] = {
      {"7", 7.0F},        {"15", 15.0F},         {"0.37", 0.37F},
      {"tiny", 1.7e-30F}, {"2_-100", 0x1p-100F}, {"largest", largest_float}};
  for (const auto& [name, clip] : all_clips)
    add(fmt::format("edges.clip_{}", name), edges_at(rule, next_key(making), clip, making.prober));
  for (unsigned seed = 1; seed <= (making.is_quick() ? 1U : 4U); ++seed)
    add(fmt::format("edges.natural_clip_{}", seed),
        edges_of_natural_clip(rule, next_key(making), seed, making.prober));
  add_source("all_zero", repeated(0, 7));
  add_source("one_element", {-3.7F});
  add_source("max_below_2_-100", {below(0x1p-100F), 0x1p-101F});
  add_source("max_2_-100", {0x1p-100F, -0x1p-101F, 0x1p-102F});
  add_source("clip_overflows", {largest_float, 0, 0, 0, -0x1p125F, 0, 0, 0, 0, 0, 0, 0});
  add_source("constant_magnitude", {0.3F, -0.3F, 0.3F, 0.3F, -0.3F, 0.3F, -0.3F, -0.3F, 0.3F});
  constexpr std::pair<std::string_view, float> all_maxima[] = {
      {"1", 1.0F}, {"2_-20", 0x1p-20F}, {"2_60", 0x1p60F}};
  for (const auto& [name, power] : all_maxima)
    for (const auto& [side, maximum] :
         {std::pair{"below", below(power)}, std::pair{"at", power}, std::pair{"above", above(power)}})
      add_source(fmt::format("max.{}_{}", side, name), appended({maximum}, heavy_tailed(63, 14, maximum)));
  // m of 1/2 and its neighbours: the first is a tie and goes to zero, which the count of uint4 must not see
  add_source("smallest_that_count", {0.75F, 0.25F, 0x1p-17F, below(0x1p-17F), above(0x1p-17F), 0x1p-149F});
  std::vector<float> outlier = heavy_tailed(4095, 15, 0.001F);
  outlier.push_back(1);
  add_source("outlier", outlier);
  add_source("heavy_tail", heavy_tailed(2049, 16, 3));
  add_source("zeros_of_both_signs", {-0.0F, 1, 0.5F, -0.0F, 0.25F});
  // 3/2 is passed between 780 and 800 of 1000: numerics.md section 4, step 6
  for (const std::size_t count : {760U, 780U, 785U, 790U, 795U, 800U, 900U})
    add_source(fmt::format("nearly_constant.{}", count), half_and_zeros(count, 1000));
}

}  // namespace

void make_sawb(CaseMaking& making) {
  make_rule(making, Rule::sawb_int4);
  make_rule(making, Rule::sawb_uint4);
  const auto add = [&](std::string name, Rule rule, std::vector<float> source) {
    making.emit(layer_of_tensors(making, std::move(name), {{.rule = rule, .source = std::move(source)}}));
  };
  // found by search: the clip's last bit turns when one of the two products is not rounded
  add("sawb_int4.fma_of_first_product", Rule::sawb_int4, from_fixed_point(11559, 19, 23932, 27));
  add("sawb_int4.fma_of_second_product", Rule::sawb_int4, from_fixed_point(11249, 12, 19122, 19));
  add("sawb_uint4.fma_of_a_product", Rule::sawb_uint4, from_fixed_point(16266, 24, 16674, 26));
}

}  // namespace quatrain::sim
