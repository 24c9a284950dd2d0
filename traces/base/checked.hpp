#pragma once
/// Sums and products of counts that say so when they leave 64 bits.

#include "traces/base/error.hpp"

#include <concepts>
#include <cstdint>

namespace quatrain::base {

inline std::uint64_t checked_sum(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    throw Error("a count leaves 64 bits: {} + {}; expected less than 2^64 in all", a, b);
  return sum;
}

inline std::uint64_t checked_product(std::uint64_t a) { return a; }

template <std::same_as<std::uint64_t>... More>
std::uint64_t checked_product(std::uint64_t a, std::uint64_t b, More... more) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    throw Error("a count leaves 64 bits: {} x {}; expected less than 2^64", a, b);
  return checked_product(product, more...);
}

}  // namespace quatrain::base
