#pragma once
/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC'11) and the draws of numerics.md section 2, for one thread.

#include "kernels/platform.hpp"

#include <cstdint>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

struct PhiloxWords {
  std::uint32_t word[4];
};

/// The random string of one tensor; `block` is counter word 0.
struct DrawStream {
  std::uint32_t seed, stream, step, tensor, sample;
};

__device__ inline PhiloxWords philox(const PhiloxWords& counter, std::uint32_t key0, std::uint32_t key1) {
  PhiloxWords c = counter;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t even = std::uint64_t{0xD2511F53U} * c.word[0];
    const std::uint64_t odd = std::uint64_t{0xCD9E8D57U} * c.word[2];
    c = {{static_cast<std::uint32_t>(odd >> 32) ^ c.word[1] ^ key0, static_cast<std::uint32_t>(odd),
          static_cast<std::uint32_t>(even >> 32) ^ c.word[3] ^ key1, static_cast<std::uint32_t>(even)}};
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  return c;
}

__device__ inline PhiloxWords philox_block(const DrawStream& draws, std::uint32_t block) {
  return philox({{block, draws.step, draws.tensor, draws.sample}}, draws.seed, draws.stream);
}

/// Draw number `place` (0 .. 128 / bits - 1) of a block: `bits` consecutive bits, lowest first.
template <unsigned bits>
__device__ std::uint32_t draw_of_block(const PhiloxWords& block, unsigned place) {
  return block.word[place * bits / 32] >> (place * bits % 32) & ((1U << bits) - 1);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
