#pragma once
/// A linear-feedback shift register (LFSR) as a source of random bits: cheap, and without the counter that
/// lets any draw be made again (docs/hardware-model.md, "LFSR bits").

#include <bit>
#include <cstdint>

namespace quatrain::rtl_models {

/// Bits of the register and those that are added into the new one.
struct LfsrTaps {
  unsigned bits = 0;
  std::uint32_t mask = 0;
};

/// x^32 + x^22 + x^2 + x + 1: stages 32, 22, 2 and 1 (table of taps of Xilinx XAPP 052). The period is 2^32
/// - 1.
inline constexpr LfsrTaps lfsr32{32, 1U << 31 | 1U << 21 | 1U << 1 | 1U};

/// One new bit enters at the bottom. A state of zero stays.
constexpr std::uint32_t lfsr_step(std::uint32_t state, const LfsrTaps& taps) {
  const auto entering = static_cast<std::uint32_t>(std::popcount(state & taps.mask)) & 1U;
  return (state << 1 | entering) & (0xFFFFFFFFU >> (32 - taps.bits));
}

/// What 1 to 16 steps make, in one clock.
constexpr std::uint32_t lfsr_steps(std::uint32_t state, const LfsrTaps& taps, unsigned steps) {
  for (unsigned step = 0; step < steps; ++step) state = lfsr_step(state, taps);
  return state;
}

/// The draw of a register: its newest bits.
constexpr std::uint32_t lfsr_draw(std::uint32_t state, unsigned random_bits) {
  return state & ((std::uint32_t{1} << random_bits) - 1);
}

/// The state with which a lane begins a tensor: a word of the host for the tensor and one of the lane, never
/// zero.
constexpr std::uint32_t lfsr_seed(std::uint32_t tensor_word, std::uint32_t lane) {
  const std::uint32_t seed = tensor_word ^ (lane + 1) * 0x9E3779B9U;
  return seed == 0 ? 1 : seed;
}

}  // namespace quatrain::rtl_models
