#pragma once
/// The hardware model as machines: `systemc.pe`, `systemc.array` and `systemc.tile`. The quantizer beside the
/// array is the same in all of them.

#include "rtl_models/array_model.hpp"
#include "rtl_models/quantizer_model.hpp"
#include "traces/machine_offer.hpp"

#include <memory>
#include <vector>

namespace quatrain::rtl_models {

/// `model` multiplies; its fidelity gives the name. A quantizer of so many lanes is made for it. `dataflow`:
/// the model's.
std::unique_ptr<traces::Machine> make_systemc_machine(std::unique_ptr<ArrayModel> model,
                                                      unsigned lanes = default_lanes,
                                                      const Dataflow& dataflow = OutputStationary{});

/// The array of all of them.
inline constexpr ArrayShape machine_array{32, 32};

/// All of them, with that array. SystemC elaborates once per process: make all that are wanted before the
/// first of them computes.
std::vector<traces::MachineOffer> machine_offers();

}  // namespace quatrain::rtl_models
