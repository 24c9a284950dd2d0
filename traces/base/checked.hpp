#pragma once
/// Counts that stay in their type: what leaves 63 bits is an Error and not another number.

#include "traces/base/error.hpp"

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace quatrain::base {

/// `what` is counted: "MACs". The factors are not negative.
inline std::int64_t checked_product(std::string_view what, std::initializer_list<std::int64_t> factors) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors)
    if (__builtin_mul_overflow(product, factor, &product))
      throw Error("{}: more than {}; expected a count that fits 63 bits", what, INT64_MAX);
  return product;
}

inline std::int64_t checked_sum(std::string_view what, std::int64_t left, std::int64_t right) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(left, right, &sum))
    throw Error("{}: more than {}; expected a count that fits 63 bits", what, INT64_MAX);
  return sum;
}

}  // namespace quatrain::base
