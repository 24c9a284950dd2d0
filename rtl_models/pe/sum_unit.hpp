#pragma once
/// What the registers of a PE that sum become when a product joins them, for every accumulator of numerics.md
/// section 7.

#include "rtl_models/pe/float_sum.hpp"
#include "rtl_models/pe/sum.hpp"

#include <cstdint>

namespace quatrain::rtl_models {

/// Bits of the registers. `part`: of the chunk that is being summed, where there are chunks, else unused.
struct PeSums {
  std::int32_t sum = 0, part = 0;
};

class SumUnit {
 public:
  constexpr explicit SumUnit(const traces::Accumulator& accumulator)
      : accumulator_(accumulator), limits_(accumulator.is_float() ? traces::Accumulator{} : accumulator) {}

  /// `closes`: the term is the last one of its chunk, whose sum then joins that of the chunks before.
  constexpr PeSums add(const PeSums& before, std::int32_t term, bool closes) const {
    if (accumulator_.chunk == 0) return {joined(before.sum, term), 0};
    const std::int32_t part = joined(before.part, term);
    return closes ? PeSums{whole(before.sum, part), 0} : PeSums{before.sum, part};
  }

  /// As GemmResult has the word that leaves.
  constexpr std::int32_t result(std::int32_t word) const {
    if (!is_half() || accumulator_.chunk != 0) return word;
    return static_cast<std::int32_t>(fp32_of_fp16(static_cast<std::uint16_t>(word)));
  }

 private:
  constexpr bool is_half() const { return accumulator_.is_float() && accumulator_.is_narrow(); }

  constexpr std::int32_t joined(std::int32_t sum, std::int32_t term) const {
    if (!accumulator_.is_float()) return limits_.keep(sum + term);
    const Number addend{term < 0, static_cast<std::uint64_t>(term < 0 ? -term : term), 0};
    if (!is_half())
      return static_cast<std::int32_t>(
          rounded_sum<Fp32>(number<Fp32>(static_cast<std::uint32_t>(sum)), addend));
    const auto half = static_cast<std::uint16_t>(sum);
    if (is_infinite<Fp16>(half)) return sum;
    std::uint16_t now = rounded_sum<Fp16>(number<Fp16>(half), addend);
    if (is_infinite<Fp16>(now) && accumulator_.overflow == traces::Overflow::saturate) --now;
    return now;
  }

  constexpr std::int32_t whole(std::int32_t sum, std::int32_t part) const {
    if (!accumulator_.is_float()) return sum + part;
    const std::uint32_t addend =
        is_half() ? fp32_of_fp16(static_cast<std::uint16_t>(part)) : static_cast<std::uint32_t>(part);
    return static_cast<std::int32_t>(fp32_sum(static_cast<std::uint32_t>(sum), addend));
  }

  traces::Accumulator accumulator_;
  SumLimits limits_;
};

}  // namespace quatrain::rtl_models
