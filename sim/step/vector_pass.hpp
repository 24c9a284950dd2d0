#pragma once
/// What a training step does besides its products: passes of an fp32 vector unit over whole tensors in DRAM,
/// as docs/training-step.md defines each operation and docs/guides/step.md lists the counts. Nothing is
/// fused: every pass reads its tensors and writes its results.

#include "emu/nn/training_config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// In the order of a step.
enum class StepPart : std::uint8_t { forward, loss, backward, update };
std::string_view name_of(StepPart part);

/// Operations on fp32 numbers, one for each element that they are applied to.
struct VectorOperations {
  std::uint64_t additions = 0;  ///< subtractions too
  std::uint64_t multiplications = 0;
  std::uint64_t selections = 0;  ///< comparisons; one of two values taken
  std::uint64_t functions = 0;   ///< divisions, roots, exponentials, logarithms
  std::uint64_t draws = 0;       ///< of 32 random bits
  std::uint64_t fused = 0;       ///< multiplications that start together with an addition

  /// What the lanes have to start, one operation in a cycle of a lane. Draws come beside it.
  std::uint64_t starts() const { return additions + multiplications + selections + functions - fused; }
  VectorOperations& operator+=(const VectorOperations& other);
  friend bool operator==(const VectorOperations&, const VectorOperations&) = default;
};

struct VectorPass {
  std::string layer;  ///< "" for the loss
  StepPart part = StepPart::forward;
  std::string_view name;  ///< "batch_norm variance"
  VectorOperations operations;
  std::uint64_t read_bytes = 0, written_bytes = 0;
};

/// Bytes of an element as it stands in DRAM between two operations.
struct TensorBytes {
  std::uint64_t activation = 4;   ///< activations and all gradients
  std::uint64_t parameter = 4;    ///< weights, biases and momenta
  std::uint64_t weight_copy = 0;  ///< of a parameter as the array reads it, where no quantizer makes it
};

/// Those of one layer of the config, of a batch.
std::vector<VectorPass> forward_passes(const emu::LayerConfig& layer, std::int64_t batch,
                                       const TensorBytes& bytes);
/// `readers`: layers that read its output. Their gradients are added first.
std::vector<VectorPass> backward_passes(const emu::LayerConfig& layer, std::int64_t batch,
                                        std::size_t readers, const TensorBytes& bytes);
/// The loss and the gradient of its logits.
VectorPass loss_pass(std::int64_t batch, std::int64_t classes, const TensorBytes& bytes);
/// SGD on all parameters of a layer: weight and bias. Nothing for a layer without.
std::vector<VectorPass> update_passes(const emu::LayerConfig& layer, const TensorBytes& bytes);

/// Bytes that forward leaves for backward besides the operands of the products: the input of a batch_norm, a
/// bit of each element of a relu, the place of each maximum of a max_pool.
std::uint64_t kept_bytes(const emu::LayerConfig& layer, std::int64_t batch, const TensorBytes& bytes);

}  // namespace quatrain::sim
