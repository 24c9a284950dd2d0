#pragma once
/// SHA-256 of everything that decides how a run goes on: two runs are the same run when their hashes agree
/// (docs/training-step.md section 13).

#include "emu/nn/layer.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace quatrain::emu {

/// layers: in the network's order. Per layer its parameters, their momenta and its states as little-endian
/// fp32; then step (updates done) and epoch (epochs done) as little-endian 64-bit integers.
std::string state_hash(std::span<const LayerState> layers, std::uint64_t step, std::uint64_t epoch);

}  // namespace quatrain::emu
