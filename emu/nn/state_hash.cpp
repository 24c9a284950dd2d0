#include "emu/nn/state_hash.hpp"

#include "traces/format/checksum.hpp"

#include <array>
#include <bit>
#include <cassert>

namespace quatrain::emu {

static_assert(std::endian::native == std::endian::little);

std::string state_hash(std::span<Parameter* const> parameters, std::uint64_t step, std::uint64_t epoch) {
  assert(parameters.size() % 2 == 0 && "every layer has a weight and a bias");
  traces::Sha256 hash;
  const auto add = [&](const std::vector<float>& values) {
    hash.add(traces::bytes_of(std::span<const float>(values)));
  };
  for (std::size_t i = 0; i < parameters.size(); i += 2) {
    add(parameters[i]->value);
    add(parameters[i + 1]->value);
    add(parameters[i]->momentum);
    add(parameters[i + 1]->momentum);
  }
  const std::array<std::uint64_t, 2> counts = {step, epoch};
  hash.add(traces::bytes_of(std::span<const std::uint64_t>(counts)));
  return hash.hex();
}

}  // namespace quatrain::emu
