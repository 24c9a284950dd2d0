#pragma once
/// conv2d or linear whose products take 4-bit codes (numerics.md sections 3 to 6): input and weight by SAWB,
/// the output's gradient by LUQ (or the nearest control), int32 accumulators, one scale. Where the config
/// quantizes only one side of a product, or none, that product is an fp32 one of the decoded values
/// (docs/training-step.md).

#include "emu/nn/parametrized_layer.hpp"

#include <memory>

namespace quatrain::emu {

class QuantizedLayer final : public ParametrizedLayer {
 public:
  QuantizedLayer(const LayerConfig& config, const QuantizeConfig& quantize, std::uint32_t id,
                 std::uint32_t seed, SimdPath path);
  const Tensor& forward(const Inputs& inputs, StepContext& context) override;
  const Tensor& backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) override;

 private:
  /// What a product takes: codes, or fp32 values where the config does not quantize the tensor.
  struct Side {
    std::unique_ptr<Quantizer> quantizer;  ///< absent: not quantized
    std::vector<QuantizedTensor> codes;    ///< one, or the samples of the gradient
    std::vector<float> decoded;            ///< code value * scale, for mixed products
    void quantize(std::span<const float> source, traces::DrawKey draws, base::ThreadPool& pool);
    std::span<const float> values(std::span<const float> source, unsigned sample, base::ThreadPool& pool);
  };

  const Side& side(traces::Role role) const;
  void observe(traces::Role role, const Side& side, std::span<const float> source,
               const StepContext& context) const;
  bool has_codes() const { return gradient_side_.quantizer != nullptr && input_side_.quantizer != nullptr; }
  traces::DrawKey draw_key(const StepContext& context) const;
  /// Multiplies codes; the accumulators lie in the context. Returns the product's scale.
  float multiply_codes(traces::Phase phase, std::int64_t batch, StepContext& context);
  void multiply_forward(StepContext& context);
  void backward_from_codes(std::int64_t batch, bool wants_input_gradient, StepContext& context);
  void backward_from_values(const Tensor& gradient, bool wants_input_gradient, StepContext& context);

  QuantizeConfig quantize_;
  Side input_side_, weight_side_, gradient_side_;
};

}  // namespace quatrain::emu
