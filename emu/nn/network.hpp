#pragma once
/// The layers of a config in a row.

#include "emu/nn/layer.hpp"
#include "emu/nn/training_config.hpp"

#include <memory>
#include <vector>

namespace quatrain::emu {

class Network {
 public:
  /// Initial parameters from the config's seed. path: of all quantizers and products.
  Network(const TrainingConfig& config, SimdPath path);

  /// Logits [batch, classes], valid until the next forward.
  const Tensor& forward(const Tensor& images, StepContext& context);
  /// Fills the gradients of all parameters; the images' own gradient is never computed.
  void backward(const Tensor& logits_gradient, StepContext& context);

  SimdPath path() const { return path_; }
  /// In the network's order; in a layer weight, then bias.
  const std::vector<Parameter*>& parameters() const { return parameters_; }

 private:
  SimdPath path_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<Parameter*> parameters_;
  std::size_t first_with_parameters_ = 0;
};

/// Forward multiply-accumulates of one image, in quantized and in all layers.
struct ForwardMacs {
  std::int64_t quantized = 0, all = 0;
};
ForwardMacs forward_macs(const TrainingConfig& config);

}  // namespace quatrain::emu
