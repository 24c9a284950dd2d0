#include "emu/nn/layers/batch_norm.hpp"

#include "emu/nn/layers/batch_norm_loops.hpp"

#include <algorithm>
#include <cmath>

namespace quatrain::emu {
namespace {

State make_state(std::string name, std::int64_t channels, float value) {
  return {.name = std::move(name),
          .shape = {channels},
          .value = std::vector<float>(static_cast<std::size_t>(channels), value)};
}

/// So many channels that a task pays.
std::size_t channels_a_task(const Tensor& tensor) {
  return base::items_a_piece(tensor.size() / static_cast<std::size_t>(tensor.extent().channels));
}

template <typename Body>
void for_channels(const Tensor& tensor, base::ThreadPool& pool, const Body& body) {
  for_pieces(pool, static_cast<std::size_t>(tensor.extent().channels), channels_a_task(tensor),
             [&](std::size_t begin, std::size_t end) {
               for (std::size_t channel = begin; channel < end; ++channel) body(channel);
             });
}

}  // namespace

BatchNorm::BatchNorm(const LayerConfig& config, SimdPath path)
    : path_(path),
      epsilon_(static_cast<float>(config.epsilon)),
      momentum_(static_cast<float>(config.momentum)),
      weight_(make_parameter(config.name + ".weight", {config.input.channels})),
      bias_(make_parameter(config.name + ".bias", {config.input.channels})),
      running_mean_(make_state(config.name + ".running_mean", config.input.channels, 0)),
      running_variance_(make_state(config.name + ".running_variance", config.input.channels, 1)),
      mean_(weight_.value.size()),
      inverse_(weight_.value.size()) {
  std::fill(weight_.value.begin(), weight_.value.end(), 1.0F);
}

/// Mean and variance of the batch; the running ones move.
void BatchNorm::measure(std::size_t channel) {
  const ChannelElements elements(*input_, static_cast<std::int64_t>(channel));
  const auto count = static_cast<float>(elements.size());
  const float* x = input_->values().data();
  float mean = 0, squares = 0;
  on_path(
      path_, [&]() __attribute__((always_inline)) {
        mean = sum_elements(elements, x) / count;
        squares = sum_squares(elements, x, mean);
      });
  const float variance = squares / count;
  const float unbiased = squares / std::max(count - 1, 1.0F);
  const float kept = 1 - momentum_;
  running_mean_.value[channel] = kept * running_mean_.value[channel] + momentum_ * mean;
  running_variance_.value[channel] = kept * running_variance_.value[channel] + momentum_ * unbiased;
  mean_[channel] = mean;
  inverse_[channel] = 1 / std::sqrt(variance + epsilon_);
}

void BatchNorm::take_running(std::size_t channel) {
  mean_[channel] = running_mean_.value[channel];
  inverse_[channel] = 1 / std::sqrt(running_variance_.value[channel] + epsilon_);
}

ChannelNorm BatchNorm::norm_of(std::size_t channel) const {
  return {.mean = mean_[channel],
          .inverse = inverse_[channel],
          .weight = weight_.value[channel],
          .bias = bias_.value[channel]};
}

std::int32_t BatchNorm::normalize_channel(std::size_t channel, const NormTail& tail, Tensor& output) const {
  const ChannelElements elements(*input_, static_cast<std::int64_t>(channel));
  const ChannelNorm by = norm_of(channel);
  const float* x = input_->values().data();
  const float* addend = tail.addend != nullptr ? tail.addend->values().data() : nullptr;
  float* y = output.values().data();
  std::int32_t largest = 0;
  on_path(
      path_, [&]() __attribute__((always_inline)) {
        if (addend != nullptr && tail.rectifies)
          largest = normalize<true, true>(elements, by, x, addend, y);
        else if (addend != nullptr)
          largest = normalize<true, false>(elements, by, x, addend, y);
        else if (tail.rectifies)
          largest = normalize<false, true>(elements, by, x, addend, y);
        else
          largest = normalize<false, false>(elements, by, x, addend, y);
      });
  return largest;
}

void BatchNorm::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  forward_with({}, inputs.first(), output, context);
}

void BatchNorm::forward_with(const NormTail& tail, const Tensor& input, Tensor& output,
                             StepContext& context) {
  input_ = &input;
  output.resize(input.batch(), input.extent());
  std::vector<std::int32_t> largest(mean_.size());
  for_channels(output, context.pool, [&](std::size_t channel) {
    switch (context.pass) {
      case traces::Pass::train:
        measure(channel);
        break;
      case traces::Pass::evaluation:
        take_running(channel);
        break;
    }
    largest[channel] = normalize_channel(channel, tail, output);
  });
  output.keep_magnitudes(
      Magnitudes{.largest = std::ranges::max(largest), .may_be_below_zero = !tail.rectifies});
}

void BatchNorm::sum_channel_gradients(std::size_t channel, const NormTailGradient& gradient) {
  const ChannelElements elements(*input_, static_cast<std::int64_t>(channel));
  const ChannelNorm by = norm_of(channel);
  const float* x = input_->values().data();
  const auto pointer = [](auto* tensor) { return tensor != nullptr ? tensor->values().data() : nullptr; };
  const GradientPointers from{.first = gradient.first.values().data(),
                              .second = pointer(gradient.second),
                              .output = pointer(gradient.output),
                              .passed = pointer(gradient.passed)};
  std::array<float, 2> sums{};
  on_path(
      path_, [&]() __attribute__((always_inline)) {
        if (from.second != nullptr)
          sums = sum_gradients<Mask::by_output, true>(elements, by, x, from);
        else if (from.output != nullptr)
          sums = sum_gradients<Mask::by_output, false>(elements, by, x, from);
        else if (gradient.masks_by_input)
          sums = sum_gradients<Mask::by_input, false>(elements, by, x, from);
        else
          sums = sum_gradients<Mask::none, false>(elements, by, x, from);
      });
  bias_.gradient[channel] = sums[0];
  weight_.gradient[channel] = sums[1];
}

std::int32_t BatchNorm::differentiate_channel(std::size_t channel, const Tensor& gradient, bool masks,
                                              Tensor& input_gradient) const {
  const ChannelElements elements(*input_, static_cast<std::int64_t>(channel));
  const ChannelNorm by = norm_of(channel);
  const auto count = static_cast<float>(elements.size());
  const float of_bias = bias_.gradient[channel] / count, of_weight = weight_.gradient[channel] / count;
  const float* x = input_->values().data();
  const float* dy = gradient.values().data();
  float* dx = input_gradient.values().data();
  std::int32_t largest = 0;
  on_path(
      path_, [&]() __attribute__((always_inline)) {
        if (masks)
          largest = differentiate<true>(elements, by, of_bias, of_weight, x, dy, dx);
        else
          largest = differentiate<false>(elements, by, of_bias, of_weight, x, dy, dx);
      });
  return largest;
}

void BatchNorm::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  backward_with({.first = gradient}, input_gradient, context);
}

void BatchNorm::backward_with(const NormTailGradient& gradient, Tensor* input_gradient,
                              StepContext& context) {
  const Tensor& first = gradient.first;
  for (Tensor* result : {input_gradient, gradient.passed})
    if (result != nullptr) result->resize(first.batch(), first.extent());
  const Tensor& dy = gradient.passed != nullptr ? *gradient.passed : first;
  std::vector<std::int32_t> largest(mean_.size());
  for_channels(first, context.pool, [&](std::size_t channel) {
    sum_channel_gradients(channel, gradient);
    if (input_gradient != nullptr)
      largest[channel] = differentiate_channel(channel, dy, gradient.masks_by_input, *input_gradient);
  });
  if (input_gradient != nullptr)
    input_gradient->keep_magnitudes(
        Magnitudes{.largest = std::ranges::max(largest), .may_be_below_zero = true});
}

}  // namespace quatrain::emu
