#pragma once
/// Blocks of a GEMM that the buffers hold, and the order in which the array goes through them
/// (docs/hardware-model.md, "Mapping").

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quatrain::sim {

/// Outermost loop first.
enum class LoopOrder : std::uint8_t { m_n_k, n_m_k, m_k_n, n_k_m, k_m_n, k_n_m };
inline constexpr std::array<std::string_view, 6> loop_order_words = {"m n k", "n m k", "m k n",
                                                                     "n k m", "k m n", "k n m"};
inline constexpr std::array<LoopOrder, 6> all_loop_orders = {LoopOrder::m_n_k, LoopOrder::n_m_k,
                                                             LoopOrder::m_k_n, LoopOrder::n_k_m,
                                                             LoopOrder::k_m_n, LoopOrder::k_n_m};
constexpr std::string_view name_of(LoopOrder order) {
  return loop_order_words[static_cast<std::size_t>(order)];
}

/// Of one group. A size that is larger than the GEMM's means all of it; the last block may be smaller. Blocks
/// of m are multiples of the array's rows or all of m, those of n multiples of its columns or all of n. A
/// block of k holds its operands of every sample.
struct Blocks {
  LoopOrder order = LoopOrder::m_n_k;
  std::uint64_t m = 1, n = 1, k = 1;
  friend bool operator==(const Blocks&, const Blocks&) = default;
};

/// How many blocks there are along each axis.
struct Trips {
  std::uint64_t m = 1, n = 1, k = 1;
};

/// How often every block of an operand comes: an operand that does not depend on `axis` ('m', 'n' or 'k')
/// comes once for each trip of that loop, and only once where each loop inside of it has one trip.
constexpr std::uint64_t visits(LoopOrder order, const Trips& trips, char axis) {
  const auto trips_of = [&](char loop) { return loop == 'm' ? trips.m : loop == 'n' ? trips.n : trips.k; };
  bool is_inside = false, changes = false;
  for (const char loop : name_of(order)) {
    if (loop == ' ') continue;
    if (is_inside && trips_of(loop) > 1) changes = true;
    if (loop == axis) is_inside = true;
  }
  return changes ? trips_of(axis) : 1;
}

}  // namespace quatrain::sim
