#include "tests/faults/systemc_faults.hpp"

#include "rtl_models/machine.hpp"
#include "tests/faults/systemc_quantizer_faults.hpp"
#include "tests/support/delayed_array.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/planted_machine.hpp"
#include "tests/support/sharp_gemms.hpp"

#include "planted/rtl_models/array_model.hpp"
#include "planted/rtl_models/machine.hpp"
#include "planted/rtl_models/planted.hpp"
#include <span>
#include <utility>
#include <variant>

namespace quatrain::tests {
namespace {

using planted::rtl_models::Fault;
using rtl_models::ArrayShape;
using rtl_models::Fidelity;
using traces::Geometry;
using traces::Phase;

constexpr ArrayShape shape{4, 4};

/// Code 1 everywhere: value 1 in every encoding. Cases change what they need.
GemmCase ones(const Mode& mode, const Geometry& geometry, unsigned samples = 1) {
  GemmCase c{{mode.phase, geometry}, mode.left, mode.right, {}, {}, 0.5F, 0.25F};
  c.left = codes_but(traces::left_elements(mode.phase, geometry), 1, {});
  c.right.assign(samples, codes_but(traces::right_elements(mode.phase, geometry), 1, {}));
  return c;
}

GemmCase linear(const Mode& mode, std::int64_t m, std::int64_t n, std::int64_t k, unsigned samples = 1) {
  return ones(mode, linear_geometry(mode.phase, m, n, k), samples);
}

/// What shows one mistake, and where. X [m, k] and W [n, k] in forward, dZ [m, k] and W [k, n] in
/// backward_data, X [k, m] and dZ [k, n] in backward_weight: a linear layer's tensors.
struct Sketch {
  Fault fault;
  GemmCase c;
  ExpectedPlace place;
  rtl_models::Dataflow dataflow = {};
};

ExpectedPlace at(std::int64_t group, std::int64_t row, std::int64_t column, std::int64_t k,
                 unsigned sample = 0) {
  return {group, row, column, sample, k, 0};
}

Sketch wrong_product() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{2 * 6 + 4, 7}});
  c.right = {codes_but(18, 1, {{1 * 6 + 4, 7}})};
  return {Fault::wrong_product, c, at(0, 2, 1, 4)};
}

Sketch shift_off_by_one() {
  GemmCase c = linear(int4_fp4, 3, 5, 6, 2);
  c.right[1] = codes_but(30, 1, {{3 * 5 + 2, 7}});
  return {Fault::shift_off_by_one, c, at(0, 0, 2, 3, 1)};
}

Sketch zero_not_gated() {
  GemmCase c = linear(fp4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{3 * 6 + 2, 0}});
  c.right = {codes_but(18, 2, {})};
  return {Fault::zero_not_gated, c, at(0, 3, 0, 2)};
}

/// Two groups of two channels, kernel 1 x 1, three positions.
Sketch unsigned_as_signed() {
  Geometry g;
  g.in_channels = 4, g.out_channels = 2, g.groups = 2, g.width = 3;
  GemmCase c = ones(uint4_int4, with_output(g));
  c.left = codes_but(12, 1, {{3 * 3 + 2, 0xF}});
  return {Fault::unsigned_as_signed, c, at(1, 2, 0, 1)};
}

/// The second tile begins with what row 0 had in the first: nothing before its k 3.
Sketch accumulator_stale() {
  GemmCase c = linear(int4_int4, 6, 3, 5);
  c.left = codes_but(30, 1, {{0, 0}, {1, 0}, {2, 0}});
  return {Fault::accumulator_stale, c, at(0, 4, 0, 3)};
}

/// 34 products of 960 stay below 2^15, the 35th does not.
Sketch accumulator_16_bit() {
  GemmCase c = linear(uint4_fp4, 3, 4, 40);
  std::vector<std::uint8_t> x(120, 1), dz(160, 1);
  for (std::size_t k = 0; k < 40; ++k) x[k * 3 + 1] = 0xF, dz[k * 4 + 2] = 7;
  c.left = traces::pack_nibbles(x);
  c.right = {traces::pack_nibbles(dz)};
  return {Fault::accumulator_16_bit, c, at(0, 1, 2, 34)};
}

/// Row 1 of sums in 8 bits: 3, then 67 and 131.
Sketch leaves_eight_bits(Fault fault, traces::Overflow overflow) {
  GemmCase c = linear(fp4_int4, 3, 4, 6);
  c.gemm.accumulator = {8, overflow};
  c.left = codes_but(18, 1, {{6 + 3, 7}, {6 + 4, 7}});
  return {fault, c, at(0, 1, 0, 4)};
}
Sketch saturated_one_bit_late() {
  return leaves_eight_bits(Fault::saturated_one_bit_late, traces::Overflow::saturate);
}
Sketch wrapped_one_bit_late() {
  return leaves_eight_bits(Fault::wrapped_one_bit_late, traces::Overflow::wrap);
}

/// 69 products of 960 are infinite in fp16; the 71st is the first that would lead back.
Sketch infinity_is_a_number() {
  GemmCase c = linear(uint4_fp4, 2, 1, 80);
  c.gemm.accumulator = {16, traces::Overflow::infinity, traces::SumFormat::floating};
  std::vector<std::uint8_t> x(160, 1), dz(80, 7);
  for (std::size_t k = 0; k < 80; ++k) x[k * 2 + 1] = 0xF, dz[k] = k < 70 ? 7 : 15;
  c.left = traces::pack_nibbles(x);
  c.right = {traces::pack_nibbles(dz)};
  return {Fault::infinity_is_a_number, c, at(0, 1, 0, 70)};
}
Sketch in_chunks(Fault fault, unsigned chunk, std::int64_t shows_at) {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.gemm.accumulator = {16, traces::Overflow::infinity, traces::SumFormat::floating, chunk};
  return {fault, c, at(0, 0, 0, shows_at)};
}
Sketch part_not_cleared() { return in_chunks(Fault::part_not_cleared, 2, 0); }
Sketch last_chunk_open() { return in_chunks(Fault::last_chunk_open, 4, 4); }

Sketch skipped_last_k() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{5, 0}, {11, 0}});
  return {Fault::skipped_last_k, c, at(0, 2, 0, 5)};
}

Sketch swapped_nibble() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{1 * 6 + 3, 2}});
  c.right = {codes_but(18, 1, {{1 * 6 + 2, 5}})};
  return {Fault::swapped_nibble, c, at(0, 1, 1, 2)};
}

/// One x in the last row of a 4 x 3 plane, kernel 3 x 3: outputs from row 2 on meet it, first in tap (2, 2).
Sketch padding_off_by_one() {
  Geometry g;
  g.height = 4, g.width = 3, g.kernel_height = g.kernel_width = 3, g.padding_height = g.padding_width = 1;
  GemmCase c = ones(int4_int4, with_output(g));
  c.left = codes_but(12, 0, {{3 * 3 + 1, 1}});
  return {Fault::padding_off_by_one, c, at(0, 6, 0, 8)};
}

Sketch stale_right_panel() {
  GemmCase c = linear(int4_int4, 3, 8, 6);
  c.right = {codes_but(48, 1, {{5 * 6 + 3, 4}})};
  return {Fault::stale_right_panel, c, at(0, 0, 5, 3)};
}

Sketch scale_one_ulp() { return {Fault::scale_one_ulp, linear(int4_int4, 2, 3, 4), {}}; }

Sketch samples_not_divided() { return {Fault::samples_not_divided, linear(int4_fp4, 2, 3, 4, 4), {}}; }

Sketch shadow_without_last() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  return {Fault::shadow_without_last, c, at(0, 0, 0, 5),
          rtl_models::OutputStationary{rtl_models::Drain::shadow}};
}

/// k in 4 and 2: what row 0 adds is lost, in the first sum a zero and then k 4.
Sketch lost_sum_above() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{0, 0}});
  return {Fault::lost_sum_above, c, at(0, 0, 0, 4), rtl_models::WeightStationary{}};
}

/// Weights 4 and 5 of one column are exchanged; both they and what they meet differ in one result.
Sketch held_top_row_first() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{3 * 6 + 4, 2}});
  c.right = {codes_but(18, 1, {{2 * 6 + 5, 3}})};
  return {Fault::held_top_row_first, c, at(0, 3, 2, 4),
          rtl_models::WeightStationary{rtl_models::Preload::exposed}};
}

/// What follows is planted at fidelity `tile` alone, whose arithmetic is its own.
Sketch tile_wide_code() {
  Sketch sketch = shift_off_by_one();
  sketch.fault = Fault::tile_wide_code;
  return sketch;
}

Sketch tile_padding() {
  Sketch sketch = padding_off_by_one();
  sketch.fault = Fault::tile_padding;
  return sketch;
}

Sketch tile_stale_panel() {
  Sketch sketch = stale_right_panel();
  sketch.fault = Fault::tile_stale_panel;
  return sketch;
}

Sketch tile_kept_sum() {
  Sketch sketch = accumulator_stale();
  sketch.fault = Fault::tile_kept_sum;
  return sketch;
}

Sketch tile_lost_step() { return {Fault::tile_lost_step, linear(int4_int4, 5, 3, 6), at(0, 0, 0, 5)}; }

Sketch tile_lost_row() {
  return {Fault::tile_lost_row, linear(int4_int4, 5, 3, 6), at(0, 0, 0, 0), rtl_models::WeightStationary{}};
}

constexpr std::pair<Fidelity, const char*> clocked[] = {{Fidelity::pe, "systemc.pe"},
                                                        {Fidelity::array, "systemc.array"}};
constexpr std::pair<Fidelity, const char*> unclocked[] = {{Fidelity::tile, "systemc.tile"}};

namespace copy = planted::rtl_models;

copy::Dataflow of_copy(const rtl_models::Dataflow& dataflow) {
  return std::visit(
      rtl_models::Overloaded{[](const rtl_models::OutputStationary& kind) -> copy::Dataflow {
                               return copy::OutputStationary{static_cast<copy::Drain>(kind.drain)};
                             },
                             [](const rtl_models::WeightStationary& kind) -> copy::Dataflow {
                               return copy::WeightStationary{static_cast<copy::Preload>(kind.preload)};
                             },
                             [](const rtl_models::InputStationary& kind) -> copy::Dataflow {
                               return copy::InputStationary{static_cast<copy::Preload>(kind.preload)};
                             }},
      dataflow);
}

std::unique_ptr<traces::Machine> make_copy(Fidelity fidelity, Fault fault,
                                           const rtl_models::Dataflow& dataflow) {
  const copy::Dataflow same = of_copy(dataflow);
  return std::make_unique<PlantedMachine<Fault>>(
      copy::planted, fault,
      copy::make_systemc_machine(
          copy::make_array_model({shape.rows, shape.columns}, static_cast<copy::Fidelity>(fidelity), same),
          copy::default_lanes, same));
}

void plant(std::vector<PlantedFault>& faults, const Sketch& sketch,
           std::span<const std::pair<Fidelity, const char*>> machines = clocked) {
  const auto& head = planted::rtl_models::fault_heads[static_cast<std::size_t>(sketch.fault)];
  for (const auto& [fidelity, machine] : machines)
    faults.push_back(
        {std::string(machine) + "/" + head.name, machine, head.site, head.kind,
         [which = fidelity, fault = sketch.fault, dataflow = sketch.dataflow] {
           return make_copy(which, fault, dataflow);
         },
         sketch.c, std::nullopt, sketch.place,
         [which = fidelity, dataflow = sketch.dataflow] { return make_copy(which, Fault::none, dataflow); }});
}

/// No patch but a module around the array: row 0 meets its right operands one step late, and already its
/// first product is missing. Every tile has a second row: the bottom row tells the columns to send.
void plant_extra_register(std::vector<PlantedFault>& faults) {
  for (const auto& [fidelity, machine] : clocked)
    faults.push_back(
        {std::string(machine) + "/extra_register_in_one_row", machine, "synchronization", "order",
         [which = fidelity] {
           return rtl_models::make_systemc_machine(make_delayed_model(shape, which, EdgeDelay::first_row));
         },
         linear(int4_int4, 6, 3, 6), std::nullopt, at(0, 0, 0, 0),
         [which = fidelity] {
           return rtl_models::make_systemc_machine(rtl_models::make_array_model(shape, which));
         }});
}

}  // namespace

std::vector<PlantedFault> systemc_faults() {
  std::vector<PlantedFault> faults;
  plant(faults, wrong_product());
  plant(faults, shift_off_by_one());
  plant(faults, zero_not_gated());
  plant(faults, unsigned_as_signed());
  plant(faults, accumulator_stale());
  plant(faults, accumulator_16_bit());
  plant(faults, saturated_one_bit_late());
  plant(faults, wrapped_one_bit_late());
  plant(faults, infinity_is_a_number());
  plant(faults, part_not_cleared());
  plant(faults, last_chunk_open());
  plant(faults, skipped_last_k());
  plant(faults, swapped_nibble());
  plant(faults, padding_off_by_one());
  plant(faults, stale_right_panel());
  plant(faults, scale_one_ulp());
  plant(faults, samples_not_divided());
  plant(faults, shadow_without_last());
  plant(faults, lost_sum_above());
  plant(faults, held_top_row_first());
  for (const Sketch& sketch : {tile_wide_code(), tile_padding(), tile_stale_panel(), tile_kept_sum(),
                               tile_lost_step(), tile_lost_row()})
    plant(faults, sketch, unclocked);
  plant_extra_register(faults);
  for (PlantedFault& fault : systemc_quantizer_faults()) faults.push_back(std::move(fault));
  return faults;
}

}  // namespace quatrain::tests
