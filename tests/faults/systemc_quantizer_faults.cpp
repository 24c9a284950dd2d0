#include "tests/faults/systemc_quantizer_faults.hpp"

#include "tests/support/exact_oracle.hpp"
#include "tests/support/planted_machine.hpp"

#include "planted/rtl_models/array_model.hpp"
#include "planted/rtl_models/machine.hpp"
#include "planted/rtl_models/planted.hpp"
#include <cmath>
#include <utility>

namespace quatrain::tests {
namespace {

namespace copy = planted::rtl_models;
using copy::Fault;
using traces::Alpha;
using traces::Rule;

constexpr unsigned lanes = 4;

/// What shows one mistake, and the first code that it changes.
struct Sketch {
  Fault fault;
  QuantizerCase c;
  std::size_t element = 0;
};

constexpr traces::DrawKey key{7, 5, 3, 1};
constexpr std::size_t shown = 3;  // the element that goes wrong; draw 0x98f5, and 0xddcc is the next one

Sketch quantizer(Fault fault, Rule rule, std::vector<float> source, std::size_t element) {
  Sketch sketch{fault, {std::move(source), {}}, element};
  sketch.c.task.rule = rule;
  sketch.c.task.draws = key;
  sketch.c.task.random_bits = rule == Rule::luq_fp4 ? 16 : 0;
  return sketch;
}

/// The smallest |x| that the shown element's draw takes from level 2 to 3.
float knife_edge_of(float maximum) {
  return exact::smallest_taken_up(2, exact::draw(key, shown, 16), maximum, Alpha::exact, 16);
}
float below_the_edge_of(float maximum) { return std::nextafter(knife_edge_of(maximum), 0.0F); }

/// The maximum, zeros, and the shown element.
Sketch luq(Fault fault, float maximum, float x) {
  return quantizer(fault, Rule::luq_fp4, {maximum, 0, 0, x, 0}, shown);
}

/// y of 1 is 256.
Sketch largest_not_clamped() {
  Sketch sketch = quantizer(Fault::largest_not_clamped, Rule::luq_fp4, {0.25F, 1}, 1);
  sketch.c.task.maximum = 0.25F;
  return sketch;
}

/// M = 1 and m = 2^15 |x|: the clip's last bit turns when c1 sqrt(A) is not rounded. No code does.
Sketch contracted_clip() {
  std::vector<float> source = {1, 23932 * 0x1p-15F};
  source.resize(2 + 19, 11559 * 0x1p-15F);
  source.resize(27, 0.0F);
  return quantizer(Fault::contracted_clip, Rule::sawb_int4, std::move(source), 0);
}

std::vector<Sketch> sketches() {
  return {
      luq(Fault::draw_index_off_by_one, 64, knife_edge_of(64)),
      // the word before the first one has draws 0
      luq(Fault::late_draws, 64, below_the_edge_of(64)),
      luq(Fault::threshold_from_u, 64, below_the_edge_of(64)),
      luq(Fault::up_only_when_greater, 64, knife_edge_of(64)),
      largest_not_clamped(),
      luq(Fault::inverse_of_maximum, 0x1.8p126F, knife_edge_of(0x1.8p126F)),
      // clip 0.37; x * inv stays below one half, x / scale does not
      quantizer(Fault::divided_by_scale, Rule::sawb_int4, {0.37F, -0.37F, 0x1.b10178p-6F}, 2),
      // 3 alpha lies half-way between e = 2 and e = 3
      quantizer(Fault::nearest_ties_up, Rule::nearest_fp4, {64, 0, 3}, 2),
      contracted_clip(),
      quantizer(Fault::exponent_by_ceiling, Rule::sawb_int4, {4, -2, 1, 0}, 0),
      // clip 7, scale 1
      quantizer(Fault::ties_away_from_zero, Rule::sawb_int4, {7, -7, 0.5F}, 2),
      // clip 1.753: the 2 at the end is 17.1 steps
      quantizer(Fault::missing_clamp, Rule::sawb_uint4, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}, 11),
      quantizer(Fault::swapped_packing, Rule::sawb_int4, {7, 7, 7, -7}, 2),
      quantizer(Fault::maximum_of_values, Rule::nearest_fp4, {1, -2}, 0),
      // ten of eleven elements are not zero: clip 1.940, with all of them 2
      quantizer(Fault::all_elements_counted, Rule::sawb_uint4, {0, 1, 1, 1, 1, 1, 1, 1, 1, 1.5F, 2}, 9),
  };
}

std::unique_ptr<traces::Machine> make_copy(copy::Fidelity fidelity, Fault fault) {
  return std::make_unique<PlantedMachine<Fault>>(
      copy::planted, fault, copy::make_systemc_machine(copy::make_array_model({4, 4}, fidelity), lanes));
}

}  // namespace

std::vector<PlantedFault> systemc_quantizer_faults() {
  std::vector<PlantedFault> faults;
  for (const Sketch& sketch : sketches()) {
    const auto& head = copy::fault_heads[static_cast<std::size_t>(sketch.fault)];
    for (const auto& [fidelity, machine] :
         {std::pair{copy::Fidelity::pe, "systemc.pe"}, std::pair{copy::Fidelity::array, "systemc.array"}}) {
      PlantedFault fault{
          std::string(machine) + "/" + head.name, machine, head.site, head.kind, {}, {}, {}, {}, {}};
      fault.make = [which = fidelity, at_work = sketch.fault] { return make_copy(which, at_work); };
      fault.make_without = [which = fidelity] { return make_copy(which, Fault::none); };
      fault.quantizer = sketch.c;
      fault.place.element = static_cast<std::int64_t>(sketch.element);
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

}  // namespace quatrain::tests
