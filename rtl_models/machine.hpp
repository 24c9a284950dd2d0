#pragma once
/// The hardware model as machines: `systemc.pe` and `systemc.array`. They have no quantizers yet.

#include "rtl_models/array_model.hpp"
#include "traces/machine.hpp"

#include <memory>

namespace quatrain::rtl_models {

/// `model` computes; its fidelity gives the name.
std::unique_ptr<traces::Machine> make_systemc_machine(std::unique_ptr<ArrayModel> model);

}  // namespace quatrain::rtl_models
