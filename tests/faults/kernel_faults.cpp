#include "tests/faults/kernel_faults.hpp"

#include "tests/support/exact_oracle.hpp"
#include "tests/support/planted_machine.hpp"
#include "tests/support/sharp_gemms.hpp"

#include "planted/kernels/device_backend.cuh"
#include "planted/kernels/gemm/literal.cuh"
#include "planted/kernels/gemm/naive.cuh"
#include "planted/kernels/gemm/tiled.cuh"
#include "planted/kernels/kernel_machine.hpp"
#include "planted/kernels/planted.hpp"
#include <utility>

namespace quatrain::tests {
namespace {

namespace kernels = planted::kernels;
using kernels::Fault;
using kernels::simt::LiteralRung;
using kernels::simt::NaiveRung;
using traces::Alpha;
using traces::Geometry;
using traces::Rule;
using Tiled = kernels::simt::TiledRung<kernels::simt::DefaultTile>;

struct OneThread {
  base::ThreadPool pool{1};
};

/// One OS thread and first_to_last: what a missing barrier or a lost sum leaves is then always the same.
template <typename Rung>
class RungMachine final : private OneThread, public PlantedMachine<Fault> {
 public:
  RungMachine(Fault fault, const std::string& name, const kernels::LaunchShape& cut)
      : PlantedMachine(kernels::planted, fault,
                       std::make_unique<kernels::KernelMachine>(
                           name, std::make_unique<kernels::simt::DeviceBackend<Rung>>(
                                     cut, pool, simt::Options{simt::ThreadOrder::first_to_last, 1}))) {}
};

/// Codes `left` and `right` everywhere, but for the others. A linear layer's tensors: X [m, k] and W [n, k]
/// in forward, dZ [m, k] and W [k, n] in backward_data, X [k, m] and dZ [k, n] in backward_weight.
GemmCase filled(const Mode& mode, const Geometry& geometry, std::uint8_t left, std::uint8_t right,
                const std::vector<CodeAt>& left_others = {}, const std::vector<CodeAt>& right_others = {}) {
  GemmCase c{{mode.phase, geometry}, mode.left, mode.right, {}, {}, 0.5F, 0.25F};
  c.left = codes_but(traces::left_elements(mode.phase, geometry), left, left_others);
  c.right = {codes_but(traces::right_elements(mode.phase, geometry), right, right_others)};
  return c;
}
Geometry sizes(const Mode& mode, std::int64_t m, std::int64_t n, std::int64_t k) {
  return linear_geometry(mode.phase, m, n, k);
}

ExpectedPlace at(std::int64_t row, std::int64_t column, std::int64_t k) { return {0, row, column, 0, k, 0}; }
ExpectedPlace at_element(std::int64_t element) { return {0, 0, 0, std::nullopt, std::nullopt, element}; }

template <typename Rung>
constexpr const char* name_of_rung = std::is_same_v<Rung, NaiveRung>     ? "simt.naive"
                                     : std::is_same_v<Rung, LiteralRung> ? "simt.literal"
                                                                         : "simt.tiled";

template <typename Rung>
PlantedFault planted_in(Fault fault, const kernels::LaunchShape& cut) {
  const std::string machine = name_of_rung<Rung>;
  const auto& head = kernels::fault_heads[static_cast<std::size_t>(fault)];
  const auto make = [machine, cut](Fault at_work) -> std::unique_ptr<traces::Machine> {
    return std::make_unique<RungMachine<Rung>>(at_work, machine, cut);
  };
  PlantedFault out{machine + "/" + head.name, machine, head.site, head.kind, {}, {}, {}, {}, {}};
  out.make = [make, fault] { return make(fault); };
  out.make_without = [make] { return make(Fault::none); };
  return out;
}

template <typename Rung>
void plant_gemm(std::vector<PlantedFault>& faults, Fault fault, GemmCase c, const ExpectedPlace& place,
                const kernels::LaunchShape& cut = {}) {
  PlantedFault out = planted_in<Rung>(fault, cut);
  out.gemm = std::move(c);
  out.place = place;
  faults.push_back(std::move(out));
}

template <typename Rung>
void plant_quantizer(std::vector<PlantedFault>& faults, Fault fault, QuantizerCase c, std::int64_t element) {
  PlantedFault out = planted_in<Rung>(fault, {});
  out.quantizer = std::move(c);
  out.place = at_element(element);
  faults.push_back(std::move(out));
}

/// X[2, 4] and W[1, 4] are 7.
GemmCase wrong_product() {
  return filled(int4_int4, sizes(int4_int4, 5, 3, 6), 1, 1, {{2 * 6 + 4, 7}}, {{6 + 4, 7}});
}
/// dZ[3, 2] is -1.
GemmCase sign_lost() { return filled(fp4_int4, sizes(fp4_int4, 5, 3, 6), 1, 1, {{3 * 6 + 2, 9}}); }
/// X[1, 3] W[1, 2] and X[1, 2] W[1, 3] tell the pair's nibbles apart.
GemmCase swapped_nibble() {
  return filled(int4_int4, sizes(int4_int4, 5, 3, 6), 1, 1, {{6 + 3, 2}}, {{6 + 2, 5}});
}
/// The last k of rows 0 and 1 is zero.
GemmCase skipped_last_k(std::int64_t k) {
  return filled(int4_int4, sizes(int4_int4, 5, 3, k), 1, 1, {{k - 1, 0}, {2 * k - 1, 0}});
}
/// One x, in the last row of a 4 x 3 plane, kernel 3 x 3: the outputs of that row meet the row below in tap
/// (2, 2).
GemmCase padding_repeats() {
  Geometry g;
  g.height = 4, g.width = 3, g.kernel_height = g.kernel_width = 3, g.padding_height = g.padding_width = 1;
  return filled(int4_int4, with_output(g), 0, 1, {{3 * 3 + 1, 1}});
}
/// Of the second tile's k only X[1, 67] W[1, 67] counts; W's column 3, which stands in its place, is zero.
GemmCase stale_tile() {
  std::vector<CodeAt> x{{70 + 67, 1}}, w{{67, 0}, {140 + 67, 0}, {3, 0}, {70 + 3, 0}, {140 + 3, 0}};
  for (std::int64_t k = 0; k < 64; ++k)
    for (std::int64_t m = 0; m < 3; ++m) x.push_back({m * 70 + k, 1});
  return filled(int4_int4, sizes(int4_int4, 3, 3, 70), 0, 1, x, w);
}
/// Thread 0 goes on to the second tile and overwrites row 0 while thread 1, which sums column 1, waits.
GemmCase missing_barrier() { return filled(int4_int4, sizes(int4_int4, 1, 2, 65), 0, 1, {{10, 2}}); }
/// Each of two parts of k has a term; one of the two blocks stores last.
GemmCase lost_split() {
  return filled(int4_int4, sizes(int4_int4, 2, 2, 65), 0, 1, {{65 + 10, 2}, {65 + 64, 3}});
}
/// 17,476 x 15 x 64 + 4 x 64 + 1 = 2^24 + 1, times 3.
GemmCase rounded_once() {
  GemmCase c =
      filled(uint4_fp4, sizes(uint4_fp4, 1, 1, 17'478), 15, 7, {{17'476, 4}, {17'477, 1}}, {{17'477, 1}});
  c.left_scale = 3;
  c.right_scale = 1;
  return c;
}
GemmCase samples_not_divided() {
  GemmCase c = filled(int4_fp4, sizes(int4_fp4, 2, 3, 4), 1, 1);
  c.right.resize(4, c.right[0]);
  return c;
}

template <typename Rung>
void plant_in_both_rungs(std::vector<PlantedFault>& faults) {
  plant_gemm<Rung>(faults, Fault::wrong_product, wrong_product(), at(2, 1, 4));
  plant_gemm<Rung>(faults, Fault::sign_lost, sign_lost(), at(3, 0, 2));
  plant_gemm<Rung>(faults, Fault::swapped_nibble, swapped_nibble(), at(1, 1, 2));
  const std::int64_t k = std::is_same_v<Rung, NaiveRung> ? 6 : 65;
  plant_gemm<Rung>(faults, Fault::skipped_last_k, skipped_last_k(k), at(2, 0, k - 1));
  plant_gemm<Rung>(faults, Fault::padding_repeats, padding_repeats(), at(9, 0, 8));
  plant_gemm<Rung>(faults, Fault::scale_one_ulp, filled(int4_int4, sizes(int4_int4, 2, 3, 4), 1, 1), {});
  plant_gemm<Rung>(faults, Fault::rounded_once, rounded_once(), {});
  plant_gemm<Rung>(faults, Fault::samples_not_divided, samples_not_divided(), {});
}

void plant_in_tiled(std::vector<PlantedFault>& faults) {
  plant_gemm<Tiled>(faults, Fault::stale_tile, stale_tile(), at(1, 1, 67));
  kernels::LaunchShape whole, halves;
  whole.k_parts = 1;
  halves.k_parts = 2;
  plant_gemm<Tiled>(faults, Fault::missing_barrier, missing_barrier(), at(0, 1, 10), whole);
  plant_gemm<Tiled>(faults, Fault::lost_split, lost_split(), at(1, 0, 64), halves);
}

/// Row 1 of sums in 8 bits: 64, 128. One bit less already loses the 64.
GemmCase leaves_eight_bits(traces::Overflow overflow) {
  GemmCase c = filled(fp4_int4, sizes(fp4_int4, 3, 2, 4), 1, 1, {{4 + 0, 7}, {4 + 1, 7}});
  c.gemm.accumulator = {8, overflow};
  return c;
}

/// Row 1 of fp16 sums: five times 448, and 1 more is a tie.
GemmCase half_tie() {
  GemmCase c = filled(fp4_int4, sizes(fp4_int4, 2, 1, 6), 7, 7, {{0, 1}, {5, 1}, {11, 1}}, {{5, 1}});
  c.gemm.accumulator = {16, traces::Overflow::infinity, traces::SumFormat::floating};
  return c;
}
/// Six terms: the last two are a chunk of their own.
GemmCase short_chunk() {
  GemmCase c = filled(int4_int4, sizes(int4_int4, 2, 2, 6), 1, 1);
  c.gemm.accumulator = {16, traces::Overflow::infinity, traces::SumFormat::floating, 4};
  return c;
}

void plant_in_literal(std::vector<PlantedFault>& faults) {
  plant_gemm<LiteralRung>(faults, Fault::wrapped_for_saturated, leaves_eight_bits(traces::Overflow::saturate),
                          at(1, 0, 1));
  plant_gemm<LiteralRung>(faults, Fault::wrapped_one_bit_early, leaves_eight_bits(traces::Overflow::wrap),
                          at(1, 0, 0));
  plant_gemm<LiteralRung>(faults, Fault::half_sum_away, half_tie(), at(1, 0, 5));
  plant_gemm<LiteralRung>(faults, Fault::last_chunk_left_out, short_chunk(), at(0, 0, 4));
}

QuantizerCase quantizer(Rule rule, std::vector<float> source) {
  QuantizerCase c{std::move(source), {}};
  c.task.rule = rule;
  c.task.draws = {1, 2, 3, 0};
  return c;
}

constexpr unsigned draw_bits = 16;

/// With 64 as its maximum a tensor has alpha 1 and inv 1, so that |x| is y.
QuantizerCase with_alpha_one(Rule rule, std::vector<float> source) {
  source.push_back(64);
  return quantizer(rule, std::move(source));
}

std::uint32_t draw_of(std::uint64_t element) { return exact::draw({1, 2, 3, 0}, element, draw_bits); }

template <typename Rung>
void plant_in_quantizers(std::vector<PlantedFault>& faults) {
  plant_quantizer<Rung>(faults, Fault::swapped_packing, quantizer(Rule::sawb_int4, {7, 7, 7, -7}), 2);
  plant_quantizer<Rung>(faults, Fault::maximum_of_values, quantizer(Rule::nearest_fp4, {1, -2}), 0);
  // scale 1, so that -4.5 is a tie: -4 is even
  std::vector<float> ties(64);
  for (std::size_t i = 0; i < 16; ++i) ties[i] = i % 2 == 0 ? 7.0F : -7.0F;
  ties[20] = -4.5F;
  plant_quantizer<Rung>(faults, Fault::half_away_from_zero, quantizer(Rule::sawb_int4, std::move(ties)), 20);
  // clip is 3.384: 4 is code 8.27 before the clamp
  plant_quantizer<Rung>(faults, Fault::missing_clamp, quantizer(Rule::sawb_int4, {1, 1, 2, 2, 4}), 4);
  // ten of eleven elements are not zero: clip 1.940, with all of them 2
  plant_quantizer<Rung>(faults, Fault::all_elements_counted,
                        quantizer(Rule::sawb_uint4, {0, 1, 1, 1, 1, 1, 1, 1, 1, 1.5F, 2}), 9);

  // Element 2 stands on its own threshold (2 u + 1) / 2^17, or on u / 2^16.
  const auto u = static_cast<float>(draw_of(2));
  plant_quantizer<Rung>(faults, Fault::threshold_greater,
                        with_alpha_one(Rule::luq_fp4, {0, 0, (2 * u + 1) * 0x1p-17F}), 2);
  plant_quantizer<Rung>(faults, Fault::draw_not_centred, with_alpha_one(Rule::luq_fp4, {0, 0, u * 0x1p-16F}),
                        2);
  // 1.5 goes up where the draw is below a half: the first element whose successor's draw says otherwise
  std::int64_t differs = 0;
  const auto is_up = [](std::int64_t i) {
    return draw_of(static_cast<std::uint64_t>(i)) < 1U << (draw_bits - 1);
  };
  while (is_up(differs) == is_up(differs + 1)) ++differs;
  plant_quantizer<Rung>(
      faults, Fault::wrong_draw,
      with_alpha_one(Rule::luq_fp4, std::vector<float>(static_cast<std::size_t>(differs + 1), 1.5F)),
      differs);
  QuantizerCase hindsight = quantizer(Rule::luq_fp4, {0.25F, 1});
  hindsight.task.maximum = 0.25F;
  plant_quantizer<Rung>(faults, Fault::largest_not_clamped, std::move(hindsight), 1);
  plant_quantizer<Rung>(faults, Fault::tie_to_lower, with_alpha_one(Rule::nearest_fp4, {1, 1.5F}), 1);
}

}  // namespace

std::vector<PlantedFault> kernel_faults() {
  std::vector<PlantedFault> faults;
  plant_in_both_rungs<NaiveRung>(faults);
  plant_in_both_rungs<Tiled>(faults);
  plant_in_tiled(faults);
  plant_in_literal(faults);
  plant_in_quantizers<NaiveRung>(faults);
  plant_in_quantizers<Tiled>(faults);
  return faults;
}

}  // namespace quatrain::tests
