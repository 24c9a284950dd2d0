#include "sim/workload/config_workload.hpp"

#include "traces/base/joined.hpp"

namespace quatrain::sim {
namespace {

bool is_quantized(const emu::LayerConfig& layer) {
  return layer.multiplies() && layer.precision == emu::Precision::quantized;
}

std::optional<traces::Rule> rule_of(const emu::LayerConfig& layer, traces::Role role) {
  const auto quantizer = emu::quantizer_of(layer, role);
  return quantizer ? std::optional(quantizer->rule) : std::nullopt;
}

OperandRules rules_of(const emu::LayerConfig& layer) {
  return {.input = rule_of(layer, traces::Role::input),
          .weight = rule_of(layer, traces::Role::weight),
          .gradient = rule_of(layer, traces::Role::gradient),
          .random_bits = layer.quantize.random_bits,
          .alpha = layer.quantize.alpha,
          .maximum_is_known = layer.quantize.maximum == traces::Maximum::hindsight,
          .samples = emu::draws(layer.quantize.gradient) ? layer.quantize.samples : 1};
}

}  // namespace

std::vector<LayerShape> layer_shapes(const emu::TrainingConfig& config, std::int64_t batch) {
  std::vector<LayerShape> shapes;
  for (const emu::LayerConfig& layer : config.layers)
    if (is_quantized(layer))
      shapes.push_back({.name = layer.name,
                        .geometry = emu::with_batch(layer.geometry, batch),
                        .rules = rules_of(layer),
                        .wants_input_gradient = layer.wants_input_gradient});
  return shapes;
}

std::string fp32_layers(const emu::TrainingConfig& config) {
  std::vector<std::string> names;
  for (const emu::LayerConfig& layer : config.layers)
    if (layer.multiplies() && !is_quantized(layer)) names.push_back(layer.name);
  if (names.empty()) return "";
  return fmt::format("layers that stay fp32 are not in it: {}", base::joined(names));
}

}  // namespace quatrain::sim
