#pragma once
/// What fp32 and quantized layers have in common: weight, the bias that a layer may have, the batch's
/// geometry, the bias added after the product and its gradient (numerics.md section 6,
/// docs/training-step.md).

#include "emu/nn/layer.hpp"
#include "emu/nn/training_config.hpp"

namespace quatrain::emu {

class ParametrizedLayer : public Layer {
 public:
  /// Kaiming uniform weights from stream 1, zero biases and momenta.
  ParametrizedLayer(const LayerConfig& config, std::uint32_t id, std::uint32_t seed, SimdPath path);
  std::vector<Parameter*> parameters() override;

 protected:
  traces::Gemm gemm(traces::Phase phase, std::int64_t batch) const {
    return {phase, with_batch(config_.geometry, batch)};
  }
  // Nothing happens in these where the layer has no bias.
  /// f32(output + bias[o]) for elements of one plane [height, width] of output channel o.
  void add_bias(std::int64_t channel, std::span<float> plane) const;
  /// The same for the whole output.
  void add_bias_to_all(Tensor& output, base::ThreadPool& pool) const;
  void sum_bias_gradient(const Tensor& gradient, base::ThreadPool& pool);

  LayerConfig config_;
  std::uint32_t id_;
  SimdPath path_;  ///< of quantizers and products
  Parameter weight_, bias_;
  const Tensor* input_ = nullptr;  ///< of the last forward
};

/// Calls body(channel, offset, plane) for the planes [height, width] of every sample, several to a task.
template <typename Body>
void for_planes(Tensor& tensor, base::ThreadPool& pool, const Body& body) {
  const auto plane = static_cast<std::size_t>(tensor.extent().plane());
  const std::size_t planes = tensor.size() / plane;
  for_pieces(pool, planes, base::items_a_piece(plane), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      body(static_cast<std::int64_t>(i) % tensor.extent().channels, i * plane,
           tensor.values().subspan(i * plane, plane));
  });
}

/// w = f32(bound * v), bound = f32(sqrt(6 / fan_in)); v from draw `element` of stream 1 (numerics.md section
/// 8).
void initialize_kaiming_uniform(std::span<float> weight, std::int64_t fan_in, std::uint32_t seed,
                                std::uint32_t layer, std::uint32_t parameter);

}  // namespace quatrain::emu
