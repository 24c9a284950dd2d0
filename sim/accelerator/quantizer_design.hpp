#pragma once
/// The quantizers of a design: how many lanes, where they stand, and how they make several samples
/// (docs/hardware-model.md, "Quantizers").

#include "rtl_models/quantizer_model.hpp"
#include "sim/workload/workload.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace quatrain::sim {

using rtl_models::QuantizerPlacement;
inline constexpr std::array<std::string_view, 2> placement_words = {"dram", "fused"};

struct QuantizerDesign {
  unsigned lanes = rtl_models::default_lanes;
  QuantizerPlacement placement = QuantizerPlacement::dram;
  /// Groups of lanes, one sample of a gradient each; an element stands on them until all its samples are
  /// made. Nothing: one group, and every sample reads the tensor again.
  std::optional<unsigned> sample_groups = {};

  unsigned groups() const { return sample_groups.value_or(1); }
};

/// How often the fp32 tensor is read from DRAM.
unsigned reads_of(const QuantizerWork& work, const QuantizerDesign& design);
/// Cycles for which an element stands on the lanes while its samples are made.
unsigned rounds_of(const QuantizerWork& work, const QuantizerDesign& design);

}  // namespace quatrain::sim
