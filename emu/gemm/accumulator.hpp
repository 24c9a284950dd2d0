#pragma once
/// What accumulators keep of their sums (numerics.md section 7).

#include "traces/accumulator.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace quatrain::emu {

/// Integers. |sum| < 2^31.
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
    case traces::Overflow::infinity:
      break;  // no integer's
  }
  __builtin_unreachable();
}

/// Floating point: an integer, or an infinity, rounded to the format.
inline double rounded_sum(const traces::Accumulator& accumulator, double sum) {
  if (!accumulator.is_narrow()) return static_cast<float>(sum);
  constexpr int precision = 11;
  constexpr double largest = 65504;
  double kept = sum;
  if (std::isfinite(sum)) {
    int exponent = 0;  // |sum| < 2^exponent
    std::frexp(sum, &exponent);
    kept = std::ldexp(std::nearbyint(std::ldexp(sum, precision - exponent)), exponent - precision);
  }
  if (std::fabs(kept) <= largest) return kept;
  const bool saturates = accumulator.overflow == traces::Overflow::saturate;
  return std::copysign(saturates ? largest : std::numeric_limits<double>::infinity(), kept);
}

/// One accumulator at work, of any kind. All its numbers are integers below 2^53 or infinities.
class SumRegister {
 public:
  /// The term at a place of the sum's whole order. Places ascend; those of zero terms may be left out.
  void add(const traces::Accumulator& accumulator, std::int64_t place, std::int32_t term) {
    if (accumulator.chunk != 0 && place / accumulator.chunk != chunk_) {
      close_chunk(accumulator);
      chunk_ = place / accumulator.chunk;
    }
    const double sum = part_ + term;
    part_ = accumulator.is_float() ? rounded_sum(accumulator, sum)
                                   : kept_sum(accumulator, static_cast<std::int32_t>(sum));
  }

  /// Behind the last term: as GemmResult has it.
  std::int32_t result(const traces::Accumulator& accumulator) {
    if (accumulator.chunk != 0) close_chunk(accumulator);
    const double sum = accumulator.chunk != 0 ? whole_ : part_;
    if (!accumulator.is_float()) return static_cast<std::int32_t>(sum);
    if (std::isnan(sum)) return 0x7FC00000;
    return std::bit_cast<std::int32_t>(static_cast<float>(sum));
  }

 private:
  void close_chunk(const traces::Accumulator& accumulator) {
    whole_ += part_;
    if (accumulator.is_float()) whole_ = static_cast<float>(whole_);
    part_ = 0;
  }

  double part_ = 0;         ///< of the chunk, or the whole sum where there are none
  double whole_ = 0;        ///< the chunks before
  std::int64_t chunk_ = 0;  ///< which one
};

}  // namespace quatrain::emu
