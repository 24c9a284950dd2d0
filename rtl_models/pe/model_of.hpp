#pragma once
/// From the class of a kind of PE to arrays of it, for every dataflow and fidelity.

#include "rtl_models/array/fast_array.hpp"
#include "rtl_models/array/pe_array.hpp"
#include "rtl_models/array/stationary/fast_array.hpp"
#include "rtl_models/array/stationary/pe_array.hpp"
#include "rtl_models/array_model.hpp"
#include "rtl_models/pe/pe_model.hpp"
#include "rtl_models/pe/pe_table.hpp"

#include <variant>

namespace quatrain::rtl_models {

template <typename Kind>
std::unique_ptr<ArrayModule> make_array_of(ArrayShape shape, Fidelity fidelity, const Dataflow& dataflow) {
  const auto make = [&]<typename Pes, typename Fast>(auto... options) -> std::unique_ptr<ArrayModule> {
    switch (fidelity) {
      case Fidelity::pe:
        return std::make_unique<Pes>(sc_core::sc_gen_unique_name("pe_array"), shape, options...);
      case Fidelity::array:
        return std::make_unique<Fast>(sc_core::sc_gen_unique_name("array"), shape, pe_table<Kind>,
                                      options...);
      case Fidelity::tile:  // elaborated_tiles.hpp: it has no registers and no clock
        break;
    }
    __builtin_unreachable();
  };
  const auto stationary = [&](Preload preload, Held held) {
    return make.template operator()<StationaryPeArray<Kind>, StationaryFastArray>(preload, held);
  };
  return std::visit(
      Overloaded{[&](const OutputStationary& kind) {
                   return make.template operator()<PeArray<Kind>, FastArray>(kind.drain);
                 },
                 [&](const WeightStationary& kind) { return stationary(kind.preload, Held::right); },
                 [&](const InputStationary& kind) { return stationary(kind.preload, Held::left); }},
      dataflow);
}

template <typename Kind>
constexpr PeModel model_of(std::string_view name) {
  return {name, operand_table<Kind>, Kind::has, make_array_of<Kind>};
}

}  // namespace quatrain::rtl_models
