#include "emu/nn/quantized_layer.hpp"

#include "emu/gemm/blocked.hpp"
#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/fp32.hpp"

#include <array>
#include <cassert>

namespace quatrain::emu {
namespace {

using traces::Phase;
using traces::Role;

/// value[i] = f32(code value * scale).
void decode(const QuantizedTensor& tensor, std::vector<float>& values, base::ThreadPool& pool) {
  std::array<float, 16> table{};
  for (std::size_t code = 0; code < 16; ++code)
    table[code] = static_cast<float>(traces::code_values(tensor.encoding)[code]) * tensor.scale;
  values.resize(tensor.codes.size());
  for_pieces(pool, values.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) values[i] = table[tensor.codes[i]];
  });
}

}  // namespace

void QuantizedLayer::Side::quantize(std::span<const float> source, traces::DrawKey draws,
                                    base::ThreadPool& pool) {
  for (std::size_t sample = 0; sample < codes.size(); ++sample) {
    draws.sample = static_cast<std::uint32_t>(sample);
    quantizer->quantize(source, draws, std::nullopt, pool, codes[sample]);
  }
}

std::span<const float> QuantizedLayer::Side::values(std::span<const float> source, unsigned sample,
                                                    base::ThreadPool& pool) {
  if (!quantizer) return source;
  decode(codes[sample], decoded, pool);
  return decoded;
}

QuantizedLayer::QuantizedLayer(const LayerConfig& config, const QuantizeConfig& quantize, std::uint32_t id,
                               std::uint32_t seed, SimdPath path)
    : ParametrizedLayer(config, id, seed, path), quantize_(quantize) {
  switch (quantize.forward) {
    case ForwardRule::sawb:
      input_side_.quantizer = make_quantizer({.rule = input_rule(config)}, path);
      weight_side_.quantizer = make_quantizer({.rule = traces::Rule::sawb_int4}, path);
      break;
    case ForwardRule::none:
      break;
  }
  if (const auto rule = info_of(quantize.gradient).rule)
    gradient_side_.quantizer =
        make_quantizer({.rule = *rule,
                        .random_bits = draws(quantize.gradient) ? quantize.random_bits : 0,
                        .alpha = quantize.alpha},
                       path);
  input_side_.codes.resize(1);
  weight_side_.codes.resize(1);
  gradient_side_.codes.resize(quantize.samples);
}

traces::DrawKey QuantizedLayer::draw_key(const StepContext& context) const {
  return {.seed = context.seed, .step = context.step, .layer = id_, .sample = 0};
}

void QuantizedLayer::observe(Role role, const Side& side, std::span<const float> source,
                             const StepContext& context) const {
  if (context.observer == nullptr) return;
  for (unsigned sample = 0; sample < side.codes.size(); ++sample)
    context.observer->quantized({.layer = id_,
                                 .role = role,
                                 .sample = sample,
                                 .batch = output_.batch(),
                                 .quantizer = *side.quantizer,
                                 .result = side.codes[sample],
                                 .source = source});
}

const QuantizedLayer::Side& QuantizedLayer::side(Role role) const {
  switch (role) {
    case Role::input:
      return input_side_;
    case Role::weight:
      return weight_side_;
    case Role::gradient:
      break;
  }
  return gradient_side_;
}

float QuantizedLayer::multiply_codes(Phase phase, std::int64_t batch, StepContext& context) {
  const traces::Gemm product = gemm(phase, batch);
  const auto count = static_cast<std::size_t>(traces::result_elements(phase, product.geometry));
  if (context.accumulators.size() < count) context.accumulators.resize(count);
  const std::span<std::int32_t> accumulators = std::span(context.accumulators).first(count);
  const traces::PhaseInfo info = traces::info_of(phase);
  const QuantizedTensor& left = side(info.left).codes.front();
  const std::span<const QuantizedTensor> right = side(info.right).codes;
  const auto samples = static_cast<unsigned>(right.size());
  multiply_blocked(product, left, right, accumulators, path_, context.pool, context.workspace);
  const float scale = product_scale(left.scale, right.front().scale, samples);
  if (context.observer != nullptr)
    context.observer->multiplied(
        {.layer = id_, .gemm = product, .samples = samples, .scale = scale, .accumulators = accumulators});
  return scale;
}

const Tensor& QuantizedLayer::forward(const Inputs& inputs, StepContext& context) {
  const Tensor& input = inputs.first();
  input_ = &input;
  output_.resize(input.batch(), config_.output);
  if (!input_side_.quantizer) {
    multiply_fp32(gemm(Phase::forward, input.batch()), input.values(), weight_.value, output_.values(), path_,
                  context.pool, context.workspace);
    add_bias_to_all(output_, context.pool);
    return output_;
  }
  input_side_.quantize(input.values(), draw_key(context), context.pool);
  weight_side_.quantize(weight_.value, draw_key(context), context.pool);
  observe(Role::input, input_side_, input.values(), context);
  observe(Role::weight, weight_side_, weight_.value, context);
  multiply_forward(context);
  return output_;
}

/// Scale and bias plane by plane, while the plane is in the cache.
void QuantizedLayer::multiply_forward(StepContext& context) {
  const float scale = multiply_codes(Phase::forward, output_.batch(), context);
  const std::span<const std::int32_t> accumulators = context.accumulators;
  for_planes(output_, context.pool, [&](std::int64_t channel, std::size_t offset, std::span<float> plane) {
    scale_accumulators(accumulators.subspan(offset, plane.size()), scale, plane);
    add_bias(channel, plane);
  });
}

const Tensor& QuantizedLayer::backward(const Tensor& gradient, bool wants_input_gradient,
                                       StepContext& context) {
  sum_bias_gradient(gradient, context.pool);
  if (wants_input_gradient) input_gradient_.resize(gradient.batch(), config_.input);
  if (gradient_side_.quantizer) {
    gradient_side_.quantize(gradient.values(), draw_key(context), context.pool);
    observe(Role::gradient, gradient_side_, gradient.values(), context);
  }
  if (has_codes()) {
    backward_from_codes(gradient.batch(), wants_input_gradient, context);
  } else {
    backward_from_values(gradient, wants_input_gradient, context);
  }
  return input_gradient_;
}

void QuantizedLayer::backward_from_codes(std::int64_t batch, bool wants_input_gradient,
                                         StepContext& context) {
  const auto scale_into = [&](Phase phase, std::span<float> output) {
    const float scale = multiply_codes(phase, batch, context);
    const std::span<const std::int32_t> accumulators = context.accumulators;
    for_pieces(context.pool, output.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
      scale_accumulators(accumulators.subspan(begin, end - begin), scale, output.subspan(begin, end - begin));
    });
  };
  if (wants_input_gradient) scale_into(Phase::backward_data, input_gradient_.values());
  scale_into(Phase::backward_weight, weight_.gradient);
}

void QuantizedLayer::backward_from_values(const Tensor& gradient, bool wants_input_gradient,
                                          StepContext& context) {
  base::ThreadPool& pool = context.pool;
  const auto multiply = [&](Phase phase, std::span<const float> left, std::span<const float> right,
                            std::span<float> result) {
    multiply_fp32(gemm(phase, gradient.batch()), left, right, result, path_, pool, context.workspace);
  };
  if (wants_input_gradient)
    multiply(Phase::backward_data, gradient_side_.values(gradient.values(), 0, pool),
             weight_side_.values(weight_.value, 0, pool), input_gradient_.values());
  const std::span<const float> input = input_side_.values(input_->values(), 0, pool);
  multiply(Phase::backward_weight, input, gradient_side_.values(gradient.values(), 0, pool),
           weight_.gradient);
  if (quantize_.samples == 1) return;
  std::vector<float> one_sample(weight_.gradient.size());
  for (unsigned sample = 1; sample < quantize_.samples; ++sample) {
    multiply(Phase::backward_weight, input, gradient_side_.values(gradient.values(), sample, pool),
             one_sample);
    for (std::size_t i = 0; i < one_sample.size(); ++i) weight_.gradient[i] += one_sample[i];
  }
  for (float& element : weight_.gradient) element = element / static_cast<float>(quantize_.samples);
}

}  // namespace quatrain::emu
