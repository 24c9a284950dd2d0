#pragma once
/// SHA-256 of everything that decides how a run goes on: two runs are the same run when their hashes agree
/// (numerics.md section 8).

#include "emu/nn/layer.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace quatrain::emu {

/// parameters: weight, bias, weight, bias, ... in the network's order. Per layer weight, bias and their
/// momenta as little-endian fp32; then step (updates done) and epoch (epochs done) as little-endian 64-bit
/// integers.
std::string state_hash(std::span<Parameter* const> parameters, std::uint64_t step, std::uint64_t epoch);

}  // namespace quatrain::emu
