#pragma once
/// What a narrow accumulator keeps of a sum (numerics.md section 7).

#include "traces/accumulator.hpp"

#include <algorithm>
#include <cstdint>

namespace quatrain::emu {

/// |sum| < 2^31.
inline std::int32_t kept_sum(const traces::Accumulator& accumulator, std::int32_t sum) {
  if (!accumulator.is_narrow()) return sum;
  const std::int32_t half = std::int32_t{1} << (accumulator.bits - 1);  // the values are -half to half - 1
  switch (accumulator.overflow) {
    case traces::Overflow::wrap: {
      const std::int64_t all = 2 * std::int64_t{half};
      return static_cast<std::int32_t>(((sum + std::int64_t{half}) % all + all) % all - half);
    }
    case traces::Overflow::saturate:
      return std::clamp(sum, -half, half - 1);
  }
  __builtin_unreachable();
}

}  // namespace quatrain::emu
