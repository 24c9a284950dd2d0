#pragma once
/// Some steps of a run once more, from a checkpoint: what state each of them leaves, and of the last one
/// every tensor in the order in which it is computed. Two runs that should be one are told apart with it
/// (sim/bisect/).

#include "emu/nn/step_hashes.hpp"
#include "emu/nn/training_config.hpp"
#include "emu/simd/dispatch.hpp"
#include "traces/base/progress.hpp"
#include "traces/format/safetensors.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::emu {

struct StepTensor {
  std::string layer;  ///< its name, or "relu 3" (kind and id) of one without; "" for images and losses
  std::string phase;  ///< batch, forward, loss, backward, backward_data, backward_weight, update
  std::string name;   ///< "accumulators", "codes of the gradient, sample 1", "conv2.weight"
  traces::StoredType type = traces::StoredType::f32;  ///< u8: codes, one a byte
  traces::Shape shape;
  std::string sha256;
  friend bool operator==(const StepTensor&, const StepTensor&) = default;
};

struct RepeatOptions {
  TrainingConfig config;
  std::filesystem::path data;
  std::filesystem::path checkpoint;  ///< where it begins; "": with the seed's initial parameters
  std::int64_t step = 0;             ///< the last step that is run; not before the checkpoint's
  std::optional<std::size_t> keep;   ///< the place of a tensor whose values are wanted
  unsigned threads = 0;              ///< 0: as many as the machine has
  SimdPath path = SimdPath::portable;
  traces::Machine* machine = nullptr;  ///< computes quantizers and 4-bit products; null: the emulator
  std::function<bool()> stops = {};
};

struct RepeatedStep {
  std::vector<HashRow> rows;        ///< of the steps that were run
  std::vector<float> losses;        ///< of the same steps
  std::vector<StepTensor> tensors;  ///< of the last step
  std::vector<std::uint8_t> kept;   ///< little-endian values of the tensor that is wanted
};

/// Throws Error for bad input; a step whose arithmetic is refused is one.
RepeatedStep repeat_steps(const RepeatOptions& options, base::Progress& progress);

}  // namespace quatrain::emu
