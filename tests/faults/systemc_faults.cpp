#include "tests/faults/systemc_faults.hpp"

#include "rtl_models/array_machine.hpp"
#include "tests/support/delayed_array.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <utility>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using rtl_models::Fault;
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
  const char *name, *site, *kind;
  GemmCase c;
  ExpectedPlace place;
};

ExpectedPlace at(std::int64_t group, std::int64_t row, std::int64_t column, std::int64_t k,
                 unsigned sample = 0) {
  return {group, row, column, sample, k, 0};
}

Sketch wrong_product() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{2 * 6 + 4, 7}});
  c.right = {codes_but(18, 1, {{1 * 6 + 4, 7}})};
  return {"wrong_product", "multiplier", "off_by_one", c, at(0, 2, 1, 4)};
}

Sketch shift_off_by_one() {
  GemmCase c = linear(int4_fp4, 3, 5, 6, 2);
  c.right[1] = codes_but(30, 1, {{3 * 5 + 2, 7}});
  return {"shift_off_by_one", "multiplier", "width", c, at(0, 0, 2, 3, 1)};
}

Sketch zero_not_gated() {
  GemmCase c = linear(fp4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{3 * 6 + 2, 0}});
  c.right = {codes_but(18, 2, {})};
  return {"zero_not_gated", "multiplier", "guard", c, at(0, 3, 0, 2)};
}

/// Two groups of two channels, kernel 1 x 1, three positions.
Sketch unsigned_as_signed() {
  Geometry g;
  g.in_channels = 4, g.out_channels = 2, g.groups = 2, g.width = 3;
  GemmCase c = ones(uint4_int4, with_output(g));
  c.left = codes_but(12, 1, {{3 * 3 + 2, 0xF}});
  return {"unsigned_as_signed", "multiplier", "width", c, at(1, 2, 0, 1)};
}

/// The second tile begins with what row 0 had in the first: nothing before its k 3.
Sketch accumulator_stale() {
  GemmCase c = linear(int4_int4, 6, 3, 5);
  c.left = codes_but(30, 1, {{0, 0}, {1, 0}, {2, 0}});
  return {"accumulator_stale", "accumulator", "stale", c, at(0, 4, 0, 3)};
}

/// 34 products of 960 stay below 2^15, the 35th does not.
Sketch accumulator_16_bit() {
  GemmCase c = linear(uint4_fp4, 3, 4, 40);
  std::vector<std::uint8_t> x(120, 1), dz(160, 1);
  for (std::size_t k = 0; k < 40; ++k) x[k * 3 + 1] = 0xF, dz[k * 4 + 2] = 7;
  c.left = traces::pack_nibbles(x);
  c.right = {traces::pack_nibbles(dz)};
  return {"accumulator_16_bit", "accumulator", "width", c, at(0, 1, 2, 34)};
}

Sketch skipped_last_k() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{5, 0}, {11, 0}});
  return {"skipped_last_k", "tile", "dropped", c, at(0, 2, 0, 5)};
}

Sketch swapped_nibble() {
  GemmCase c = linear(int4_int4, 5, 3, 6);
  c.left = codes_but(30, 1, {{1 * 6 + 3, 2}});
  c.right = {codes_but(18, 1, {{1 * 6 + 2, 5}})};
  return {"swapped_nibble", "codec", "order", c, at(0, 1, 1, 2)};
}

/// One x in the last row of a 4 x 3 plane, kernel 3 x 3: outputs from row 2 on meet it, first in tap (2, 2).
Sketch padding_off_by_one() {
  Geometry g;
  g.height = 4, g.width = 3, g.kernel_height = g.kernel_width = 3, g.padding_height = g.padding_width = 1;
  GemmCase c = ones(int4_int4, with_output(g));
  c.left = codes_but(12, 0, {{3 * 3 + 1, 1}});
  return {"padding_off_by_one", "tile", "guard", c, at(0, 6, 0, 8)};
}

Sketch stale_right_panel() {
  GemmCase c = linear(int4_int4, 3, 8, 6);
  c.right = {codes_but(48, 1, {{5 * 6 + 3, 4}})};
  return {"stale_right_panel", "tile", "stale", c, at(0, 0, 5, 3)};
}

Sketch scale_one_ulp() { return {"scale_one_ulp", "epilogue", "off_by_one", linear(int4_int4, 2, 3, 4), {}}; }

Sketch samples_not_divided() {
  return {"samples_not_divided", "epilogue", "dropped", linear(int4_fp4, 2, 3, 4, 4), {}};
}

/// Row 0 meets its right operands one step late: already its first product is missing.
Sketch extra_register() {
  return {"extra_register_in_one_row", "synchronization", "order", linear(int4_int4, 5, 3, 6),
          at(0, 0, 0, 0)};
}

/// make_model(fidelity) makes the faulty array.
template <Fault fault, typename MakeModel>
void plant(std::vector<PlantedFault>& faults, const Sketch& sketch, MakeModel make_model) {
  for (const Fidelity fidelity : {Fidelity::pe, Fidelity::array}) {
    const char* machine = fidelity == Fidelity::pe ? "systemc.pe" : "systemc.array";
    const auto make = [fidelity, make_model]() -> std::unique_ptr<traces::Machine> {
      return std::make_unique<rtl_models::ArrayMachine<fault>>(make_model(fidelity));
    };
    faults.push_back({std::string(machine) + "/" + sketch.name, machine, sketch.site, sketch.kind, make,
                      sketch.c, std::nullopt, sketch.place, [fidelity]() -> std::unique_ptr<traces::Machine> {
                        return std::make_unique<rtl_models::ArrayMachine<Fault::none>>(
                            std::make_unique<rtl_models::ReplayModel<Fault::none>>(shape, fidelity));
                      }});
  }
}

template <Fault fault>
void plant(std::vector<PlantedFault>& faults, const Sketch& sketch) {
  plant<fault>(faults, sketch, [](Fidelity fidelity) {
    return std::make_unique<rtl_models::ReplayModel<fault>>(shape, fidelity);
  });
}

}  // namespace

std::vector<PlantedFault> systemc_faults() {
  std::vector<PlantedFault> faults;
  plant<Fault::wrong_product>(faults, wrong_product());
  plant<Fault::shift_off_by_one>(faults, shift_off_by_one());
  plant<Fault::zero_not_gated>(faults, zero_not_gated());
  plant<Fault::unsigned_as_signed>(faults, unsigned_as_signed());
  plant<Fault::accumulator_stale>(faults, accumulator_stale());
  plant<Fault::accumulator_16_bit>(faults, accumulator_16_bit());
  plant<Fault::skipped_last_k>(faults, skipped_last_k());
  plant<Fault::swapped_nibble>(faults, swapped_nibble());
  plant<Fault::padding_off_by_one>(faults, padding_off_by_one());
  plant<Fault::stale_right_panel>(faults, stale_right_panel());
  plant<Fault::scale_one_ulp>(faults, scale_one_ulp());
  plant<Fault::samples_not_divided>(faults, samples_not_divided());
  plant<Fault::none>(faults, extra_register(), [](Fidelity fidelity) {
    return make_delayed_model<Fault::none>(shape, fidelity, EdgeDelay::first_row);
  });
  return faults;
}

}  // namespace quatrain::tests
