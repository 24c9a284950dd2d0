#pragma once
/// Layers that run as one pass over memory: a batch_norm, the addition of one other tensor right behind it
/// and the relu right behind that, or only one of the two, where nobody else reads what lies between them.
/// Each element takes the same operations in the same order as in separate layers, so the bits are the same.

#include "emu/nn/training_config.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::emu {

struct FusedRun {
  std::size_t first = 0, last = 0;          ///< ids of the batch_norm and of the layer whose output is made
  std::optional<std::int32_t> addend;       ///< what the add reads besides: an id, or images_input
  bool rectifies = false;                   ///< the last one is a relu
  std::string forward_name, backward_name;  ///< in a profile: "batch_norm + add + relu forward"

  /// The relu's mask is found from the batch_norm's input once more; else its output must be kept.
  bool masks_by_input() const { return rectifies && !addend; }
  bool masks_by_output() const { return rectifies && addend; }
};

/// Disjoint, in the order of the layers.
std::vector<FusedRun> fused_runs(std::span<const LayerConfig> layers);

}  // namespace quatrain::emu
