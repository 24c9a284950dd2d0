#include "emu/nn/quantized_layer.hpp"

#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/fp32.hpp"
#include "emu/nn/hindsight.hpp"
#include "emu/nn/paper_code.hpp"

#include <algorithm>
#include <array>

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

/// In a profile.
std::string_view product_name(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return "4-bit product, forward";
    case Phase::backward_data:
      return "4-bit product, backward_data";
    case Phase::backward_weight:
      return "4-bit product, backward_weight";
  }
  return {};
}
std::string_view quantizer_name(Role role) {
  switch (role) {
    case Role::input:
      return "quantize input";
    case Role::weight:
      return "quantize weight";
    case Role::gradient:
      return "quantize gradient";
  }
  return {};
}

}  // namespace

std::span<const float> QuantizedLayer::Side::values(std::span<const float> source, unsigned sample,
                                                    base::ThreadPool& pool) {
  if (is_paper_code) return decoded;
  if (!rule) return source;
  decode(codes[sample], decoded, pool);
  return decoded;
}

QuantizedLayer::QuantizedLayer(const LayerConfig& config, std::uint32_t id, std::uint32_t seed, SimdPath path)
    : ParametrizedLayer(config, id, seed, path),
      accumulator_(config.quantize.accumulator),
      own_machine_(path) {
  for (const Role role : {Role::input, Role::weight, Role::gradient})
    side(role).rule = quantizer_of(config, role);
  input_side_.codes.resize(1);
  weight_side_.codes.resize(1);
  gradient_side_.codes.resize(config.quantize.samples);
  input_side_.is_paper_code = weight_side_.is_paper_code = config.quantize.forward == ForwardRule::paper_code;
  gradient_side_.is_paper_code = config.quantize.gradient == GradientRule::paper_code;
  if (input_side_.is_paper_code) signed_ = State{.name = config.name + ".signed", .shape = {1}, .value = {0}};
  if (gradient_side_.rule && config.quantize.maximum == traces::Maximum::hindsight)
    hindsight_ = State{.name = config.name + ".hindsight",
                       .shape = {static_cast<std::int64_t>(hindsight_values)},
                       .value = std::vector<float>(hindsight_values)};
}

std::vector<State*> QuantizedLayer::states() {
  std::vector<State*> all;
  for (std::optional<State>* state : {&hindsight_, &signed_})
    if (*state) all.push_back(&**state);
  return all;
}

QuantizedLayer::Side& QuantizedLayer::side(Role role) {
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

StepMachine& QuantizedLayer::machine(const StepContext& context) {
  return context.machine != nullptr ? *context.machine : own_machine_;
}

void QuantizedLayer::quantize(Role role, std::span<const float> source,
                              const std::optional<Magnitudes>& known, std::int64_t batch,
                              std::optional<float> maximum, StepContext& context) {
  const ProfiledPart part(context.profile, quantizer_name(role));
  Side& made = side(role);
  if (!made.rule) {
    if (context.observer != nullptr)
      context.observer->left_in_fp32({.layer = id_, .role = role, .batch = batch, .source = source});
    if (made.is_paper_code) quantize_as_published(role, source, context);
    return;
  }
  traces::QuantizerTask task{.rule = made.rule->rule,
                             .source = source,
                             .draws = {.seed = context.seed, .step = context.step, .layer = id_, .sample = 0},
                             .random_bits = made.rule->random_bits,
                             .alpha = made.rule->alpha,
                             .maximum = maximum};
  for (unsigned sample = 0; sample < made.codes.size(); ++sample) {
    task.draws.sample = sample;
    machine(context).quantize(task, known, context, made.codes[sample]);
  }
  if (context.observer == nullptr) return;
  for (unsigned sample = 0; sample < made.codes.size(); ++sample)
    context.observer->quantized({.layer = id_,
                                 .role = role,
                                 .sample = sample,
                                 .batch = batch,
                                 .rule = *made.rule,
                                 .maximum = task.maximum,
                                 .path = machine(context).path(),
                                 .result = made.codes[sample],
                                 .source = source});
}

void QuantizedLayer::quantize_as_published(Role role, std::span<const float> source, StepContext& context) {
  std::vector<float>& values = side(role).decoded;
  values.resize(source.size());
  switch (role) {
    case Role::weight:
      return quantize_paper_weight(source, values, context.pool);
    case Role::input:
      if (has_negative(source)) signed_->value.front() = 1;
      return quantize_paper_input(source, signed_->value.front() != 0, values, context.pool);
    case Role::gradient:
      break;
  }
  const unsigned samples = config_.quantize.samples;
  DrawSource draws{context.seed, Stream::paper_code, context.step, id_, 0};
  quantize_paper_gradient(source, draws, path_, values, context.pool);
  if (samples == 1) return;
  std::vector<float> one_sample(source.size());
  for (draws.c3 = 1; draws.c3 < samples; ++draws.c3) {
    quantize_paper_gradient(source, draws, path_, one_sample, context.pool);
    for (std::size_t i = 0; i < one_sample.size(); ++i) values[i] += one_sample[i];
  }
  for (float& value : values) value = value / static_cast<float>(samples);
}

void QuantizedLayer::quantize_gradient(const Tensor& gradient, StepContext& context) {
  const std::optional<float> estimate = hindsight_ ? hindsight_estimate(hindsight_->value) : std::nullopt;
  quantize(Role::gradient, gradient.values(), gradient.magnitudes(), gradient.batch(), estimate, context);
  if (hindsight_) keep_hindsight(hindsight_->value, estimate, gradient_side_.codes.front().max);
}

bool QuantizedLayer::has_codes(Phase phase) {
  const traces::PhaseInfo info = traces::info_of(phase);
  return side(info.left).rule && side(info.right).rule;
}

void QuantizedLayer::multiply_codes(Phase phase, std::int64_t batch, std::span<float> output,
                                    StepContext& context) {
  const ProfiledPart part(context.profile, product_name(phase));
  traces::Gemm product = gemm(phase, batch);
  product.accumulator = accumulator_;
  const traces::PhaseInfo info = traces::info_of(phase);
  const QuantizedTensor& left = side(info.left).codes.front();
  const std::span<const QuantizedTensor> right = side(info.right).codes;
  if (context.observer == nullptr)
    return machine(context).multiply_scaled(product, left, right, context, output);
  const StepProduct result = machine(context).multiply(product, left, right, context);
  if (result.output.empty())
    scale_sums(accumulator_, result.accumulators, result.scale, output, path_, context.pool);
  else
    std::ranges::copy(result.output, output.begin());
  context.observer->multiplied({.layer = id_,
                                .gemm = product,
                                .samples = static_cast<unsigned>(right.size()),
                                .left = left,
                                .right = right,
                                .scale = result.scale,
                                .accumulators = result.accumulators,
                                .output = output});
}

void QuantizedLayer::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  const Tensor& input = inputs.first();
  input_ = &input;
  output.resize(input.batch(), config_.output);
  quantize(Role::input, input.values(), input.magnitudes(), input.batch(), std::nullopt, context);
  quantize(Role::weight, weight_.value, std::nullopt, input.batch(), std::nullopt, context);
  multiply_forward(input, output, context);
}

void QuantizedLayer::multiply_forward(const Tensor& input, Tensor& output, StepContext& context) {
  if (!has_codes(Phase::forward)) {
    multiply_fp32(gemm(Phase::forward, input.batch()), input_side_.values(input.values(), 0, context.pool),
                  weight_side_.values(weight_.value, 0, context.pool), output.values(), path_, context.pool,
                  context.workspace);
    add_bias_to_all(output, context.pool);
    return;
  }
  multiply_codes(Phase::forward, output.batch(), output.values(), context);
  add_bias_to_all(output, context.pool);
}

void QuantizedLayer::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  quantize_gradient(gradient, context);
  if (gradient_side_.is_paper_code) {
    Tensor published;
    published.resize(gradient.batch(), gradient.extent());
    std::ranges::copy(gradient_side_.decoded, published.values().begin());
    sum_bias_gradient(published, context.pool);
  } else {
    sum_bias_gradient(gradient, context.pool);
  }
  if (input_gradient != nullptr) {
    input_gradient->resize(gradient.batch(), config_.input);
    multiply_backward_data(gradient, input_gradient->values(), context);
  }
  multiply_backward_weight(gradient, context);
}

void QuantizedLayer::multiply_backward_data(const Tensor& gradient, std::span<float> result,
                                            StepContext& context) {
  if (has_codes(Phase::backward_data)) {
    multiply_codes(Phase::backward_data, gradient.batch(), result, context);
    return;
  }
  multiply_fp32(
      gemm(Phase::backward_data, gradient.batch()), gradient_side_.values(gradient.values(), 0, context.pool),
      weight_side_.values(weight_.value, 0, context.pool), result, path_, context.pool, context.workspace);
}

void QuantizedLayer::multiply_backward_weight(const Tensor& gradient, StepContext& context) {
  if (has_codes(Phase::backward_weight)) {
    multiply_codes(Phase::backward_weight, gradient.batch(), weight_.gradient, context);
    return;
  }
  const std::span<const float> kept = keeps_input() ? input_->values() : std::span<const float>{};
  const std::span<const float> input = input_side_.values(kept, 0, context.pool);
  const auto multiply_sample = [&](unsigned sample, std::span<float> result) {
    multiply_fp32(gemm(Phase::backward_weight, gradient.batch()), input,
                  gradient_side_.values(gradient.values(), sample, context.pool), result, path_, context.pool,
                  context.workspace);
  };
  multiply_sample(0, weight_.gradient);
  const unsigned samples = gradient_side_.rule ? config_.quantize.samples : 1;
  if (samples == 1) return;
  std::vector<float> one_sample(weight_.gradient.size());
  for (unsigned sample = 1; sample < samples; ++sample) {
    multiply_sample(sample, one_sample);
    for (std::size_t i = 0; i < one_sample.size(); ++i) weight_.gradient[i] += one_sample[i];
  }
  for (float& element : weight_.gradient) element = element / static_cast<float>(samples);
}

}  // namespace quatrain::emu
