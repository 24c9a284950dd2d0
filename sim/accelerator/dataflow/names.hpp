#pragma once
/// The words of a dataflow in configs and tables.

#include "rtl_models/array/dataflow.hpp"
#include "sim/accelerator/dataflow/convention.hpp"

#include <array>
#include <string>
#include <string_view>

namespace quatrain::sim {

/// In the order of rtl_models::Dataflow, Drain, Preload and Convention.
inline constexpr std::array<std::string_view, 3> dataflow_words = {"output_stationary", "weight_stationary",
                                                                   "input_stationary"};
inline constexpr std::array<std::string_view, 3> drain_words = {"serial", "skewed", "shadow"};
inline constexpr std::array<std::string_view, 2> preload_words = {"hidden", "exposed"};
inline constexpr std::array<std::string_view, 2> convention_words = {"quatrain", "scalesim"};

std::string_view name_of(const rtl_models::Dataflow& dataflow);

/// "output stationary, serial drain"; "weight stationary, cycles as SCALE-Sim counts them".
std::string text_of(const rtl_models::Dataflow& dataflow, Convention convention);

}  // namespace quatrain::sim
