#include "emu/nn/state_hash.hpp"

#include "traces/format/checksum.hpp"

#include <array>
#include <bit>

namespace quatrain::emu {

static_assert(std::endian::native == std::endian::little);

std::string state_hash(std::span<const LayerState> layers, std::uint64_t step, std::uint64_t epoch) {
  traces::Sha256 hash;
  const auto add = [&](const std::vector<float>& values) {
    hash.add(traces::bytes_of(std::span<const float>(values)));
  };
  for (const LayerState& layer : layers) {
    for (const Parameter* parameter : layer.parameters) add(parameter->value);
    for (const Parameter* parameter : layer.parameters) add(parameter->momentum);
    for (const State* state : layer.states) add(state->value);
  }
  const std::array<std::uint64_t, 2> counts = {step, epoch};
  hash.add(traces::bytes_of(std::span<const std::uint64_t>(counts)));
  return hash.hex();
}

}  // namespace quatrain::emu
