#include "sim/accelerator/memory/gemm_stalls.hpp"

#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/memory/block_visits.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace quatrain::sim {
namespace {

using rtl_models::BlockVisit;
using rtl_models::DramTiming;

std::uint64_t load_cycles(const DramTiming& timing, const BlockVisit& visit) {
  return request_cycles(timing, {visit.left_bytes, visit.right_bytes, visit.sum_bytes});
}

/// Blocks that could be the best, with a time that they cannot beat.
struct FastCandidate {
  std::uint64_t bound = 0, bytes = 0;
  Blocks blocks;
  std::uint64_t number = 0;  ///< in the order of trying
  auto rank() const { return std::tuple(bound, bytes, number); }
};

/// Never more than the time: all cycles of the array between the first load and the last store, and all
/// bursts with the latency of each store.
std::uint64_t lower_bound(BlockTraffic& traffic, const Mapping& mapping, const DramTiming& timing,
                          std::uint64_t bytes) {
  const Blocks& blocks = *mapping.blocks;
  const Trips trips = trips_of(blocks, mapping.size);
  BlockVisit first;
  BlockVisits(traffic, mapping).next(first);
  const auto last = [](std::uint64_t size, std::uint64_t block, std::uint64_t count) {
    return size - (count - 1) * block;
  };
  const std::uint64_t last_results =
      traffic.result_bytes(last(mapping.m(), blocks.m, trips.m) * last(mapping.n(), blocks.n, trips.n));
  const std::uint64_t computing =
      checked_sum(cycles_of(mapping), load_cycles(timing, first) + request_cycles(timing, {last_results}));
  const double bursts = std::floor(static_cast<double>(bytes) / static_cast<double>(timing.burst_bytes)),
               stores = static_cast<double>(mapping.groups() * trips.m * trips.n);
  constexpr double rounding = 1 - 1e-9;
  const double moving = (bursts * timing.burst_ps + stores * static_cast<double>(timing.latency_ps)) /
                        static_cast<double>(timing.period_ps) * rounding;
  return std::max(computing, static_cast<std::uint64_t>(moving));
}

}  // namespace

std::uint64_t quantizer_stall_cycles(const DramTiming& timing, const std::vector<QuantizerWork>& quantizers,
                                     const PeKind& pe, const QuantizerDesign& design) {
  std::uint64_t cycles = 0;
  for (const QuantizerWork& work : quantizers) {
    const QuantizerTransfers moved = transfers_of(work, pe, design);
    cycles = checked_sum(cycles, checked_product(moved.reads, request_cycles(timing, {moved.read_bytes})));
    cycles =
        checked_sum(cycles, checked_product(moved.writes, request_cycles(timing, {moved.written_bytes})));
  }
  return cycles;
}

Stalls stalls_of(BlockTraffic& traffic, const Mapping& mapping, const DramTiming& timing, Buffering buffering,
                 const BlockParts& parts) {
  StallRecurrence recurrence(buffering, parts);
  BlockVisits visits(traffic, mapping);
  for (BlockVisit visit; visits.next(visit);)
    recurrence.visits(load_cycles(timing, visit), visit.cycles, request_cycles(timing, {visit.stored_bytes}),
                      parts ? 1 : 1 + visits.skip_alike());
  return recurrence.end();
}

std::optional<Blocks> least_time(BlockTraffic& traffic, const Mapping& mapping, const DramTiming& timing,
                                 Buffering buffering) {
  Mapping tried = mapping;
  std::vector<FastCandidate> candidates;
  traffic.for_each_that_fits([&](const Blocks& blocks) {
    tried.blocks = blocks;
    const std::uint64_t bytes = traffic.traffic(blocks).gemm_bytes();
    candidates.push_back({lower_bound(traffic, tried, timing, bytes), bytes, blocks, candidates.size()});
  });
  std::ranges::sort(candidates, {}, &FastCandidate::rank);
  std::optional<FastCandidate> best;  // its bound is its time
  for (const FastCandidate& candidate : candidates) {
    if (best && candidate.rank() >= best->rank()) break;
    tried.blocks = candidate.blocks;
    FastCandidate found = candidate;
    found.bound = checked_sum(cycles_of(tried), stalls_of(traffic, tried, timing, buffering).all());
    if (!best || found.rank() < best->rank()) best = found;
  }
  if (!best) return std::nullopt;
  return best->blocks;
}

}  // namespace quatrain::sim
