/// luq_fp4 and nearest_fp4: every edge of every draw, the draws themselves, and the ends of the ranges.
#include "sim/conformance/tensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace quatrain::sim {
namespace {

using traces::Alpha;
using traces::Rule;

/// What the tensors of the edges are made with: the maximum is the tensor's own, or given from outside.
struct EdgeSetting {
  std::string_view name;
  unsigned random_bits;
  Alpha alpha;
  float most;  ///< largest magnitude of the tensor; no power of two shows a wrong inverse
  std::optional<float> given = {};
};

/// Enough elements that each draw of 4 and of 8 bits stands at each of the 7 edges and on both sides of it;
/// of 16 bits as many as take a second.
std::size_t edge_elements(unsigned random_bits, bool is_quick) {
  switch (random_bits) {
    case 4:
      return is_quick ? 1001 : 4097;
    case 8:
      return is_quick ? 2001 : 12'289;
    default:
      return is_quick ? 2001 : 65'537;
  }
}

void make_edges_of(CaseMaking& making, const EdgeSetting& setting, std::uint32_t sample) {
  CaseTensor tensor{.rule = Rule::luq_fp4,
                    .samples = sample == 0 ? 1 : std::bit_ceil(sample + 1),
                    .random_bits = setting.random_bits,
                    .alpha = setting.alpha,
                    .maximum = setting.given};
  put_on_drawn_edges(tensor, next_key(making, 0, sample),
                     edge_elements(setting.random_bits, making.is_quick()), setting.most, making.prober);
  making.emit(layer_of_tensors(
      making,
      fmt::format("luq.edges.{}bits.{}.{}", setting.random_bits, name_of(setting.alpha), setting.name),
      {std::move(tensor)}));
}

/// Bits of draws, one a step.
void make_draws(CaseMaking& making, unsigned random_bits) {
  std::vector<CaseTensor> bits;
  for (unsigned bit = 0; bit < random_bits; ++bit) {
    CaseTensor tensor{.rule = Rule::luq_fp4, .random_bits = random_bits};
    put_on_draw_bit(tensor, next_key(making, bit), bit, making.is_quick() ? 129 : 1025, making.prober);
    bits.push_back(std::move(tensor));
  }
  making.emit(layer_of_tensors(making, fmt::format("luq.draws.{}bits", random_bits), std::move(bits)));
}

CaseTensor luq_tensor(std::vector<float> source, unsigned random_bits = 16, Alpha alpha = Alpha::exact,
                      std::optional<float> maximum = {}) {
  return {.rule = Rule::luq_fp4,
          .source = std::move(source),
          .random_bits = random_bits,
          .alpha = alpha,
          .maximum = maximum};
}

void make_corners(CaseMaking& making) {
  const auto add = [&](std::string_view name, CaseTensor tensor) {
    making.emit(layer_of_tensors(making, fmt::format("luq.{}", name), {std::move(tensor)}));
  };
  add("all_zero", luq_tensor(repeated(0, 9)));
  add("one_element", luq_tensor({-2.5F}));
  add("zeros_of_both_signs", luq_tensor({-0.0F, 0.0F, 1.0F}));
  add("negative_to_zero", luq_tensor(appended({1}, repeated(-0x1p-30F, 40))));
  add("max_below_2_-100", luq_tensor({below(0x1p-100F), -0x1p-101F, 0}));
  add("max_2_-100", luq_tensor({0x1p-100F, -0x1p-101F, 0x1.8p-103F}));
  add("largest_float", luq_tensor({largest_float, -largest_float, 0x1p127F, 1.0F}));
  add("subnormal", luq_tensor({0x1p-99F, 0x1p-149F, -0x1p-130F}));
  std::vector<float> levels;
  for (int copy = 0; copy < 40; ++copy)
    for (const float level : {1.0F, 2.0F, 4.0F, 8.0F, 16.0F, 32.0F, 64.0F})
      levels.push_back((levels.size() % 3 == 0 ? -level : level) * 0x1p-9F);
  add("levels_stay", luq_tensor(levels));
  for (const unsigned bits : {4U, 8U, 16U}) {
    const float edge = std::ldexp(1.0F, -static_cast<int>(bits) - 1);
    add(fmt::format("dead_zone.{}bits", bits), luq_tensor(appended({64}, repeated(below(edge), 600)), bits));
    add(fmt::format("dead_zone_edge.{}bits", bits), luq_tensor(appended({64}, repeated(edge, 600)), bits));
  }
  add("pow2.power_of_two", luq_tensor({0.25F, 0.2F, -0.003F, 0.01F}, 8, Alpha::pow2));
  add("pow2.above_power_of_two", luq_tensor({above(0.25F), 0.2F, -0.003F, 0.01F}, 8, Alpha::pow2));
  add("heavy_tail", luq_tensor(heavy_tailed(2047, 11, 0.01F)));
  add("any_floats", luq_tensor(any_finite(777, 17)));
  const auto add_given = [&](std::string_view name, float maximum, std::vector<float> source) {
    add(fmt::format("given.{}", name), luq_tensor(std::move(source), 16, Alpha::exact, maximum));
  };
  add_given("below_measured", 0.37F, {0.37F, 5.0F, -0.3701F, -1e30F, 0.1F, 0.02F, -0.003F});
  add_given("far_below", 0x1p-99F, {largest_float, -1, 0x1p-99F, 0x1p-101F});
  add_given("above_measured", 3.7F, heavy_tailed(301, 12, 1));
  add_given("over_zeros", 3.7F, repeated(0, 5));
}

}  // namespace

void make_luq(CaseMaking& making) {
  const std::vector<EdgeSetting> settings = {{"0.37", 4, Alpha::exact, 0.37F},
                                             {"tiny", 4, Alpha::exact, 1.7e-30F},
                                             {"48", 4, Alpha::pow2, 48.0F},
                                             {"given", 4, Alpha::exact, 5.0F, 0.37F},
                                             {"0.618", 8, Alpha::exact, 0.6180339F},
                                             {"2_127", 8, Alpha::pow2, 0x1p127F},
                                             {"0.37", 16, Alpha::exact, 0.37F},
                                             {"0.37", 16, Alpha::pow2, 0.37F},
                                             {"largest", 16, Alpha::exact, largest_float},
                                             {"smallest", 16, Alpha::exact, 0x1.4p-100F},
                                             {"given", 16, Alpha::exact, 5.0F, 0.37F}};
  for (const EdgeSetting& setting : settings) make_edges_of(making, setting, 0);
  make_edges_of(making, {"sample15", 8, Alpha::exact, 0.37F}, 15);
  for (const unsigned bits : {4U, 8U, 16U}) make_draws(making, bits);
  make_corners(making);
}

void make_nearest(CaseMaking& making) {
  const auto add = [&](std::string name, CaseTensor tensor) {
    making.emit(layer_of_tensors(making, "nearest." + std::move(name), {std::move(tensor)}));
  };
  constexpr std::pair<std::string_view, float> all_maxima[] = {
      {"64", 64.0F}, {"2_-3", 0x1p-3F}, {"0.37", 0.37F}, {"tiny", 1.7e-30F}, {"2_127", 0x1p127F}};
  for (const auto& [name, most] : all_maxima)
    for (const Alpha alpha : {Alpha::exact, Alpha::pow2}) {
      CaseTensor tensor{.rule = Rule::nearest_fp4, .alpha = alpha};
      put_on_edges(tensor, next_key(making), {most}, most, making.prober);
      add(fmt::format("edges.{}.{}", name_of(alpha), name), std::move(tensor));
    }
  CaseTensor given{.rule = Rule::nearest_fp4, .maximum = 0.37F};
  put_on_edges(given, next_key(making), {5}, 5, making.prober);
  add("edges.exact.given", std::move(given));
  const auto add_source = [&](std::string name, std::vector<float> source) {
    add(std::move(name), {.rule = Rule::nearest_fp4, .source = std::move(source)});
  };
  add_source("all_zero", repeated(0, 3));
  add_source("heavy_tail", heavy_tailed(999, 13, 2));
  add_source("any_floats", any_finite(555, 18));
}

}  // namespace quatrain::sim
