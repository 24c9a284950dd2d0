#include "emu/nn/layers/batch_norm.hpp"

#include "emu/nn/sum.hpp"

#include <algorithm>
#include <cmath>

namespace quatrain::emu {
namespace {

State make_state(std::string name, std::int64_t channels, float value) {
  return {.name = std::move(name),
          .shape = {channels},
          .value = std::vector<float>(static_cast<std::size_t>(channels), value)};
}

/// The planes of one channel, sample by sample.
template <typename Body>
void for_planes_of(const Tensor& tensor, std::size_t channel, const Body& body) {
  const auto plane = static_cast<std::size_t>(tensor.extent().plane());
  const auto sample = static_cast<std::size_t>(tensor.extent().elements());
  for (std::size_t begin = channel * plane; begin < tensor.size(); begin += sample) body(begin, plane);
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
  const ChannelElements x(*input_, static_cast<std::int64_t>(channel));
  const auto count = static_cast<float>(x.size());
  const float mean =
      sum_of_chunks(x.size(), [&](std::size_t begin, std::span<float> chunk) { x.copy(begin, chunk); }) /
      count;
  const float squares = sum_of_chunks(x.size(), [&](std::size_t begin, std::span<float> chunk) {
    x.copy(begin, chunk);
    on_path(
        path_, [&]() __attribute__((always_inline)) {
          for (float& element : chunk) {
            const float difference = element - mean;
            element = difference * difference;
          }
        });
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

void BatchNorm::normalize(std::size_t channel, Tensor& output) const {
  const float mean = mean_[channel], inverse = inverse_[channel];
  const float weight = weight_.value[channel], bias = bias_.value[channel];
  for_planes_of(*input_, channel, [&](std::size_t begin, std::size_t count) {
    const float* x = input_->values().data() + begin;
    float* y = output.values().data() + begin;
    on_path(
        path_, [=]() __attribute__((always_inline)) {
          for (std::size_t i = 0; i < count; ++i) y[i] = weight * ((x[i] - mean) * inverse) + bias;
        });
  });
}

void BatchNorm::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  input_ = &inputs.first();
  output.resize(input_->batch(), input_->extent());
  for_channels(output, context.pool, [&](std::size_t channel) {
    switch (context.pass) {
      case traces::Pass::train:
        measure(channel);
        break;
      case traces::Pass::evaluation:
        take_running(channel);
        break;
    }
    normalize(channel, output);
  });
}

void BatchNorm::sum_gradients(std::size_t channel, const Tensor& gradient) {
  const ChannelElements dy(gradient, static_cast<std::int64_t>(channel));
  const ChannelElements x(*input_, static_cast<std::int64_t>(channel));
  bias_.gradient[channel] =
      sum_of_chunks(dy.size(), [&](std::size_t begin, std::span<float> chunk) { dy.copy(begin, chunk); });
  const float mean = mean_[channel], inverse = inverse_[channel];
  std::array<float, sum_chunk> room;
  weight_.gradient[channel] = sum_of_chunks(dy.size(), [&](std::size_t begin, std::span<float> chunk) {
    const std::span<float> inputs = std::span(room).first(chunk.size());
    dy.copy(begin, chunk);
    x.copy(begin, inputs);
    on_path(
        path_, [&]() __attribute__((always_inline)) {
          for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = chunk[i] * ((inputs[i] - mean) * inverse);
        });
  });
}

void BatchNorm::differentiate(std::size_t channel, const Tensor& gradient, Tensor& input_gradient) const {
  const auto count =
      static_cast<float>(gradient.size() / static_cast<std::size_t>(gradient.extent().channels));
  const float mean = mean_[channel], inverse = inverse_[channel];
  const float of_bias = bias_.gradient[channel] / count, of_weight = weight_.gradient[channel] / count;
  const float factor = weight_.value[channel] * inverse;
  for_planes_of(gradient, channel, [&](std::size_t begin, std::size_t elements) {
    const float* x = input_->values().data() + begin;
    const float* dy = gradient.values().data() + begin;
    float* dx = input_gradient.values().data() + begin;
    on_path(
        path_, [=]() __attribute__((always_inline)) {
          for (std::size_t i = 0; i < elements; ++i) {
            const float normalized = (x[i] - mean) * inverse;
            dx[i] = factor * ((dy[i] - of_bias) - normalized * of_weight);
          }
        });
  });
}

void BatchNorm::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  if (input_gradient != nullptr) input_gradient->resize(gradient.batch(), gradient.extent());
  for_channels(gradient, context.pool, [&](std::size_t channel) {
    sum_gradients(channel, gradient);
    if (input_gradient != nullptr) differentiate(channel, gradient, *input_gradient);
  });
}

}  // namespace quatrain::emu
