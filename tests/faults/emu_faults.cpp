#include "tests/faults/emu_faults.hpp"

#include "tests/support/exact_oracle.hpp"
#include "tests/support/forced_path.hpp"
#include "tests/support/planted_machine.hpp"
#include "tests/support/sharp_gemms.hpp"

#include "planted/emu/machine.hpp"
#include "planted/emu/planted.hpp"
#include <cmath>
#include <utility>

namespace quatrain::tests {
namespace {

using planted::emu::Fault;
using traces::Alpha;
using traces::Rule;

/// What shows one mistake, and where.
struct Sketch {
  Fault fault;
  std::optional<GemmCase> gemm;
  std::optional<QuantizerCase> quantizer;
  ExpectedPlace place;
};

// ---- quantizers

constexpr traces::DrawKey key{7, 5, 3, 1};
constexpr std::size_t shown = 3;  // the element that goes wrong; draw 0x98f5, and 0xddcc is the next one

Sketch quantizer(Fault fault, Rule rule, std::vector<float> source, std::size_t element) {
  Sketch sketch{fault, std::nullopt, QuantizerCase{std::move(source), {}}, {}};
  sketch.quantizer->task.rule = rule;
  sketch.quantizer->task.draws = key;
  sketch.quantizer->task.random_bits = rule == Rule::luq_fp4 ? 16 : 0;
  sketch.place.element = static_cast<std::int64_t>(element);
  return sketch;
}

/// The smallest |x| that the shown element's draw takes from level 2 to 3.
float knife_edge_of(float maximum) {
  return exact::smallest_taken_up(2, exact::draw(key, shown, 16), maximum, Alpha::exact, 16);
}

/// The maximum, zeros, and the shown element.
Sketch luq(Fault fault, float maximum, float x) {
  return quantizer(fault, Rule::luq_fp4, {maximum, 0, 0, x, 0}, shown);
}

Sketch draw_index_off_by_one() { return luq(Fault::draw_index_off_by_one, 64, knife_edge_of(64)); }
Sketch threshold_from_u() {
  return luq(Fault::threshold_from_u, 64, std::nextafter(knife_edge_of(64), 0.0F));
}
Sketch up_only_when_greater() { return luq(Fault::up_only_when_greater, 64, knife_edge_of(64)); }
Sketch inverse_of_maximum() { return luq(Fault::inverse_of_maximum, 0x1.8p126F, knife_edge_of(0x1.8p126F)); }
Sketch divided_by_alpha() { return luq(Fault::divided_by_alpha, 0.37F, knife_edge_of(0.37F)); }

/// 3 alpha lies half-way between e = 2 and e = 3.
Sketch nearest_ties_up() { return quantizer(Fault::nearest_ties_up, Rule::nearest_fp4, {64, 0, 3}, 2); }

/// M = 1 and m = 2^15 |x|: the clip's last bit turns when c1 sqrt(A) is not rounded. No code does.
Sketch contracted_clip() {
  std::vector<float> source = {1, 23932 * 0x1p-15F};
  source.resize(2 + 19, 11559 * 0x1p-15F);
  source.resize(27, 0.0F);
  return quantizer(Fault::contracted_clip, Rule::sawb_int4, std::move(source), 0);
}
Sketch exponent_by_ceiling() {
  return quantizer(Fault::exponent_by_ceiling, Rule::sawb_int4, {4, -2, 1, 0}, 0);
}
/// Clip 7, scale 1.
Sketch ties_away_from_zero() {
  return quantizer(Fault::ties_away_from_zero, Rule::sawb_int4, {7, -7, 0.5F}, 2);
}
/// Clip 0.37; x * inv stays below one half, x / scale does not.
Sketch divided_by_scale() {
  return quantizer(Fault::divided_by_scale, Rule::sawb_int4, {0.37F, -0.37F, 0x1.b10178p-6F}, 2);
}
/// Clip 8.17: the 9 at the end is 7.7 steps.
Sketch missing_clamp() {
  return quantizer(Fault::missing_clamp, Rule::sawb_int4, {-1, 2, -3, 4, -1, 2, -3, 4, -1, 2, -3, 9}, 11);
}

// ---- products

/// A linear layer of ones: X [m, k] and W [n, k] in forward, X [k, m] and dZ [k, n] in backward_weight.
GemmCase ones(const Mode& mode, std::int64_t m, std::int64_t n, std::int64_t k, unsigned samples = 1) {
  GemmCase c{{mode.phase, linear_geometry(mode.phase, m, n, k)}, mode.left, mode.right, {}, {}, 0.5F, 0.25F};
  c.left = codes_but(m * k, 1, {});
  c.right.assign(samples, codes_but(n * k, 1, {}));
  return c;
}

Sketch product(Fault fault, GemmCase c, ExpectedPlace place = {}) {
  return {fault, std::move(c), std::nullopt, place};
}

ExpectedPlace at(std::int64_t row, std::int64_t column, std::int64_t k, unsigned sample = 0) {
  return {0, row, column, sample, k, 0};
}

/// Only row 2 meets a 7 of the right operand, with a 7 of its own.
Sketch wrong_product() {
  GemmCase c = ones(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{0 * 6 + 4, 0}, {1 * 6 + 4, 0}, {2 * 6 + 4, 7}, {3 * 6 + 4, 0}, {4 * 6 + 4, 0}});
  c.right = {codes_but(18, 1, {{1 * 6 + 4, 7}})};
  return product(Fault::wrong_product, c, at(2, 1, 4));
}

Sketch skipped_last_k() {
  GemmCase c = ones(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{0 * 6 + 5, 0}, {1 * 6 + 5, 0}});
  return product(Fault::skipped_last_k, c, at(2, 0, 5));
}

Sketch swapped_nibble() {
  GemmCase c = ones(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{1 * 6 + 3, 2}});
  c.right = {codes_but(18, 1, {{1 * 6 + 2, 5}})};
  return product(Fault::swapped_nibble, c, at(1, 1, 2));
}

/// One element is not zero; an earlier GEMM of the same size has none.
Sketch stale_panel() {
  GemmCase c = ones(int4_int4, 3, 5, 6);
  c.right = {codes_but(30, 0, {{2 * 6 + 3, 4}})};
  return product(Fault::stale_panel, c, at(0, 2, 3));
}

/// 34 products of 960 stay below 2^15, the 35th does not. All are in the first of the four lanes, k % 4 = 0.
Sketch wrapped_sum() {
  GemmCase c = ones(uint4_fp4, 3, 4, 160);
  std::vector<std::uint8_t> x(160 * 3, 0), dz(160 * 4, 1);
  for (std::size_t k = 0; k < 160; k += 4) x[k * 3 + 1] = 0xF, dz[k * 4 + 2] = 7;
  c.left = traces::pack_nibbles(x);
  c.right = {traces::pack_nibbles(dz)};
  return product(Fault::wrapped_sum, c, at(1, 2, 4 * 34));
}

/// Row 1 of one column: 3 x 7 x -7 is -147. Its third term leaves 8 bits.
GemmCase below_eight_bits(traces::Overflow overflow) {
  GemmCase c = ones(int4_int4, 3, 2, 4);
  c.gemm.accumulator = {8, overflow};
  c.left = codes_but(12, 1, {{4, 7}, {5, 7}, {6, 7}});
  c.right = {codes_but(8, 1, {{0, 9}, {1, 9}, {2, 9}})};
  return c;
}
Sketch saturated_symmetric() {
  return product(Fault::saturated_symmetric, below_eight_bits(traces::Overflow::saturate), at(1, 0, 2));
}
/// The first sum below zero is the first term of row 0.
Sketch wrapped_unsigned() {
  return product(Fault::wrapped_unsigned, below_eight_bits(traces::Overflow::wrap), at(0, 0, 0));
}

/// Row 1 of fp16 sums: five times 448, and 3 more is a tie between 2242 and 2244.
Sketch half_truncated() {
  GemmCase c = ones(fp4_int4, 2, 1, 6);
  c.gemm.accumulator = {16, traces::Overflow::infinity, traces::SumFormat::floating};
  c.left = codes_but(12, 7, {{5, 1}, {11, 1}, {0, 1}});
  c.right = {codes_but(6, 7, {{5, 3}})};
  return product(Fault::half_truncated, c, at(1, 0, 5));
}
/// Two samples of three terms in chunks of two: the last 64 of the one and the first of the other saturate
/// together.
Sketch chunk_ends_with_sample() {
  GemmCase c = ones(int4_fp4, 1, 1, 3, 2);
  c.gemm.accumulator = {8, traces::Overflow::saturate, traces::SumFormat::integer, 2};
  c.right = {codes_but(3, 0, {{2, 7}}), codes_but(3, 0, {{0, 7}})};
  return product(Fault::chunk_ends_with_sample, c, at(0, 0, 0, 1));
}

Sketch scale_one_ulp() { return product(Fault::scale_one_ulp, ones(int4_int4, 2, 3, 4)); }
Sketch samples_not_divided() { return product(Fault::samples_not_divided, ones(int4_fp4, 2, 3, 4, 4)); }

// ---- the machines

struct TwoThreads {
  base::ThreadPool pool{2};
};

/// The faults stand in the loops that every computer has; mistakes in those of AVX-512 and AMX are mutants
/// (tests/mutants/emu.toml).
std::unique_ptr<traces::Machine> make_portable(base::ThreadPool& pool) {
  const ForcedPath forced("portable");
  return planted::emu::make_blocked_machine(pool);
}

/// emu.blocked with its threads.
class BlockedMachine final : private TwoThreads, public PlantedMachine<Fault> {
 public:
  explicit BlockedMachine(Fault fault) : PlantedMachine(planted::emu::planted, fault, make_portable(pool)) {}
};

std::unique_ptr<traces::Machine> make_naive(Fault fault) {
  return std::make_unique<PlantedMachine<Fault>>(planted::emu::planted, fault,
                                                 planted::emu::make_naive_machine());
}
std::unique_ptr<traces::Machine> make_blocked(Fault fault) { return std::make_unique<BlockedMachine>(fault); }

using Make = std::unique_ptr<traces::Machine> (*)(Fault);

void plant(std::vector<PlantedFault>& faults, const char* machine, const Sketch& sketch, Make make) {
  const auto& head = planted::emu::fault_heads[static_cast<std::size_t>(sketch.fault)];
  faults.push_back({std::string(machine) + "/" + head.name, machine, head.site, head.kind,
                    [make, fault = sketch.fault] { return make(fault); }, sketch.gemm, sketch.quantizer,
                    sketch.place, [make] { return make(Fault::none); }});
}
void plant_blocked(std::vector<PlantedFault>& faults, const Sketch& sketch) {
  plant(faults, "emu.blocked", sketch, make_blocked);
}
void plant_naive(std::vector<PlantedFault>& faults, const Sketch& sketch) {
  plant(faults, "emu.naive", sketch, make_naive);
}
void plant_both(std::vector<PlantedFault>& faults, const Sketch& sketch) {
  plant_naive(faults, sketch);
  plant_blocked(faults, sketch);
}

}  // namespace

std::vector<PlantedFault> emu_faults() {
  std::vector<PlantedFault> faults;
  plant_both(faults, draw_index_off_by_one());
  plant_both(faults, threshold_from_u());
  plant_both(faults, up_only_when_greater());
  plant_both(faults, inverse_of_maximum());
  plant_both(faults, divided_by_alpha());
  plant_both(faults, nearest_ties_up());
  plant_both(faults, contracted_clip());
  plant_both(faults, exponent_by_ceiling());
  plant_both(faults, ties_away_from_zero());
  plant_both(faults, divided_by_scale());
  plant_both(faults, missing_clamp());
  plant_both(faults, wrong_product());
  plant_both(faults, skipped_last_k());
  plant_both(faults, swapped_nibble());
  plant_blocked(faults, stale_panel());
  plant_blocked(faults, wrapped_sum());
  plant_naive(faults, saturated_symmetric());
  plant_naive(faults, wrapped_unsigned());
  plant_naive(faults, half_truncated());
  plant_naive(faults, chunk_ends_with_sample());
  plant_both(faults, scale_one_ulp());
  plant_both(faults, samples_not_divided());
  return faults;
}

}  // namespace quatrain::tests
