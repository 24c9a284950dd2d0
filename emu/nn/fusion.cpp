#include "emu/nn/fusion.hpp"

#include <algorithm>

namespace quatrain::emu {
namespace {

/// How often an output is read.
std::vector<std::size_t> readings_of(std::span<const LayerConfig> layers) {
  std::vector<std::size_t> readings(layers.size());
  for (const LayerConfig& layer : layers)
    for (const std::int32_t input : layer.inputs)
      if (input != images_input) ++readings[static_cast<std::size_t>(input)];
  return readings;
}

}  // namespace

std::vector<FusedRun> fused_runs(std::span<const LayerConfig> layers) {
  const std::vector<std::size_t> readings = readings_of(layers);
  const auto goes_on_with = [&](std::size_t id, LayerWord kind, std::size_t inputs) {
    if (id + 1 == layers.size() || readings[id] != 1) return false;
    const LayerConfig& next = layers[id + 1];
    return next.kind == kind && next.inputs.size() == inputs &&
           std::ranges::count(next.inputs, static_cast<std::int32_t>(id)) == 1;
  };
  std::vector<FusedRun> runs;
  for (std::size_t id = 0; id < layers.size(); ++id) {
    if (layers[id].kind != LayerWord::batch_norm) continue;
    FusedRun run;
    run.first = run.last = id;
    std::string name = "batch_norm";
    if (goes_on_with(run.last, LayerWord::add, 2)) {
      const std::vector<std::int32_t>& inputs = layers[++run.last].inputs;
      run.addend = inputs[inputs.front() == static_cast<std::int32_t>(id) ? 1 : 0];
      name += " + add";
    }
    if (goes_on_with(run.last, LayerWord::relu, 1)) {
      ++run.last;
      run.rectifies = true;
      name += " + relu";
    }
    if (run.last == run.first) continue;
    run.forward_name = name + " forward";
    run.backward_name = name + " backward";
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace quatrain::emu
