#include "emu/nn/parametrized_layer.hpp"

#include "emu/nn/sum.hpp"
#include "emu/random/philox.hpp"

#include <cmath>

namespace quatrain::emu {

void initialize_kaiming_uniform(std::span<float> weight, std::int64_t fan_in, std::uint32_t seed,
                                std::uint32_t layer, std::uint32_t parameter) {
  const auto bound = static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan_in)));
  const DrawSource draws{seed, Stream::parameters, 0, layer, parameter};
  for (std::size_t i = 0; i < weight.size(); ++i) {
    // 2 (word >> 8) + 1 - 2^24 is odd and below 2^24 in magnitude: exact in fp32, and never zero
    const auto odd = static_cast<std::int32_t>(2 * (draws.draw(i, 32) >> 8) + 1) - (1 << 24);
    weight[i] = bound * (static_cast<float>(odd) * 0x1p-24F);
  }
}

ParametrizedLayer::ParametrizedLayer(const LayerConfig& config, std::uint32_t id, std::uint32_t seed,
                                     SimdPath path)
    : config_(config),
      id_(id),
      path_(path),
      weight_(make_parameter(config.name + ".weight",
                             natural_shape(kind_of(config), config.geometry, traces::Role::weight))),
      bias_(make_parameter(config.name + ".bias", {config.geometry.out_channels})) {
  const traces::Geometry& g = config.geometry;
  const std::int64_t fan_in = (g.in_channels / g.groups) * g.kernel_height * g.kernel_width;
  initialize_kaiming_uniform(weight_.value, fan_in, seed, id, 0);
}

std::vector<Parameter*> ParametrizedLayer::parameters() {
  if (!config_.has_bias) return {&weight_};
  return {&weight_, &bias_};
}

void ParametrizedLayer::add_bias(std::int64_t channel, std::span<float> plane) const {
  if (!config_.has_bias) return;
  const float bias = bias_.value[static_cast<std::size_t>(channel)];
  for (float& element : plane) element = element + bias;
}

void ParametrizedLayer::add_bias_to_all(Tensor& output, base::ThreadPool& pool) const {
  if (!config_.has_bias) return;
  for_planes(output, pool,
             [&](std::int64_t channel, std::size_t, std::span<float> plane) { add_bias(channel, plane); });
}

void ParametrizedLayer::sum_bias_gradient(const Tensor& gradient, base::ThreadPool& pool) {
  if (config_.has_bias) sum_channels(gradient, bias_.gradient, pool);
}

}  // namespace quatrain::emu
