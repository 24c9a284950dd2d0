#include "sim/accelerator/least_energy.hpp"

#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/energy.hpp"
#include "sim/accelerator/events.hpp"
#include "sim/accelerator/memory/dram_time.hpp"
#include "sim/accelerator/memory/gemm_stalls.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace quatrain::sim {
namespace {

struct CheapCandidate {
  double pj = 0;  ///< an energy that it cannot beat
  std::uint64_t bytes = 0;
  Blocks blocks;
  std::size_t number = 0;  ///< in the order of trying
  auto rank() const { return std::tuple(pj, bytes, number); }
};

/// Quantizers cost the same whatever the blocks. The transposer, which costs little, is left out.
double nominal_pj(const AcceleratorConfig& config, const Mapping& mapping, const Traffic& moved,
                  std::uint64_t stalls, const Technology& technology) {
  const UseOfArray use = use_of_array(mapping);
  EventCounts events = events_of(config, mapping, use, moved, {});
  events += leakage_of(config, checked_sum(use.cycles, stalls));
  return energy_pj(events, technology).nominal;
}

}  // namespace

std::optional<Blocks> least_energy(const AcceleratorConfig& config, const TrainingGemm& work,
                                   BlockTraffic& traffic, const Technology& technology) {
  Mapping tried = work.mapping;
  tried.dataflow = config.dataflow;
  tried.blocks.reset();
  // The bound: no interrupted stream, no stall, and nothing dearer than the bytes beyond the compulsory ones.
  const Traffic compulsory = traffic.compulsory();
  const double ideal = nominal_pj(config, tried, compulsory, 0, technology);
  const double byte_pj = 8 * technology.row(dram_row(config.dram)).pj.nominal;
  constexpr double rounding = 1 - 1e-9;
  std::vector<CheapCandidate> candidates;
  traffic.for_each_that_fits([&](const Blocks& blocks) {
    const std::uint64_t bytes = traffic.traffic(blocks).gemm_bytes();
    const double more = static_cast<double>(bytes) - static_cast<double>(compulsory.gemm_bytes());
    candidates.push_back({(ideal + byte_pj * more) * rounding, bytes, blocks, candidates.size()});
  });
  std::ranges::sort(candidates, {}, &CheapCandidate::rank);
  std::optional<CheapCandidate> best;  // its bound is its energy
  for (CheapCandidate candidate : candidates) {
    if (best && candidate.rank() >= best->rank()) break;
    tried.blocks = candidate.blocks;
    std::uint64_t stalls = 0;
    if (const DramDetails* dram = config.stalls())
      stalls = stalls_of(traffic, tried, timing_of(config, *dram), config.buffering).all();
    candidate.pj = nominal_pj(config, tried, traffic.traffic(candidate.blocks), stalls, technology);
    if (!best || candidate.rank() < best->rank()) best = candidate;
  }
  if (!best) return std::nullopt;
  return best->blocks;
}

}  // namespace quatrain::sim
