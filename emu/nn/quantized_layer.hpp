#pragma once
/// conv2d or linear whose products take 4-bit codes (numerics.md sections 3 to 6): input and weight by SAWB,
/// the output's gradient by LUQ (or the nearest control), int32 accumulators, one scale. Where the config
/// quantizes only one side of a product, or none, that product is an fp32 one of the decoded values, and so
/// it is of the values that the published code makes (docs/training-step.md).

#include "emu/nn/parametrized_layer.hpp"

#include <optional>

namespace quatrain::emu {

class QuantizedLayer final : public ParametrizedLayer {
 public:
  QuantizedLayer(const LayerConfig& config, std::uint32_t id, std::uint32_t seed, SimdPath path);
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  /// Its codes are enough, where it is quantized.
  bool keeps_input() const override { return !input_side_.rule && !input_side_.is_paper_code; }
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;
  /// `LAYER.hindsight`, where the gradient's maximum is estimated; `LAYER.signed`, where the published code's
  /// levels of the input grow at its first negative element.
  std::vector<State*> states() override;

 private:
  /// What a product takes: codes, or fp32 values where the config does not quantize the tensor.
  struct Side {
    std::optional<QuantizerConfig> rule;  ///< absent: no codes
    bool is_paper_code = false;           ///< then `decoded` is what the published code makes
    std::vector<QuantizedTensor> codes;   ///< one, or the samples of the gradient
    std::vector<float> decoded;           ///< code value * scale, for mixed products
    std::span<const float> values(std::span<const float> source, unsigned sample, base::ThreadPool& pool);
  };

  Side& side(traces::Role role);
  StepMachine& machine(const StepContext& context);
  /// Makes the codes of a side, where it is quantized; an observer sees the source in any case.
  void quantize(traces::Role role, std::span<const float> source, const std::optional<Magnitudes>& known,
                std::int64_t batch, std::optional<float> maximum, StepContext& context);
  void quantize_as_published(traces::Role role, std::span<const float> source, StepContext& context);
  void quantize_gradient(const Tensor& gradient, StepContext& context);
  bool has_codes(traces::Phase phase);
  /// output: before any bias.
  void multiply_codes(traces::Phase phase, std::int64_t batch, std::span<float> output, StepContext& context);
  void multiply_forward(const Tensor& input, Tensor& output, StepContext& context);
  void multiply_backward_data(const Tensor& gradient, std::span<float> result, StepContext& context);
  void multiply_backward_weight(const Tensor& gradient, StepContext& context);

  Side input_side_, weight_side_, gradient_side_;
  std::optional<State> hindsight_, signed_;
  traces::Accumulator accumulator_;
  EmulatorSteps own_machine_;
};

}  // namespace quatrain::emu
