#pragma once
/// The hardware model as machines: `systemc.pe` and `systemc.array`. They have no quantizers yet.

#include "rtl_models/array_model.hpp"
#include "traces/machine_offer.hpp"

#include <memory>
#include <vector>

namespace quatrain::rtl_models {

/// `model` computes; its fidelity gives the name.
std::unique_ptr<traces::Machine> make_systemc_machine(std::unique_ptr<ArrayModel> model);

/// The array of both machines.
inline constexpr ArrayShape machine_array{32, 32};

/// Both, with that array. SystemC elaborates once per process: make all that are wanted before the
/// first of them computes.
std::vector<traces::MachineOffer> machine_offers();

}  // namespace quatrain::rtl_models
