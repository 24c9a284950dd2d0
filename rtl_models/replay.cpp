#include "rtl_models/replay.hpp"

#include "rtl_models/replay_model.hpp"

#include <fmt/format.h>

namespace quatrain::rtl_models {

std::unique_ptr<ArrayModel> make_array_model(ArrayShape shape, Fidelity fidelity) {
  return std::make_unique<ReplayModel<Fault::none>>(shape, fidelity);
}

traces::Refusal systemc_missing() { return std::nullopt; }

std::string systemc_version() {
  return fmt::format("SystemC {}.{}.{}", sc_core::sc_version_major, sc_core::sc_version_minor,
                     sc_core::sc_version_patch);
}

}  // namespace quatrain::rtl_models
