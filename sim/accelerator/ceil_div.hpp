#pragma once
/// Whole pieces of a size.

#include <cstdint>

namespace quatrain::sim {

/// Pieces of `b` > 0 that hold `a`.
constexpr std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

constexpr std::uint64_t bytes_for(std::uint64_t bits) { return ceil_div(bits, 8); }

}  // namespace quatrain::sim
