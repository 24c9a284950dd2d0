#include "sim/accelerator/tally.hpp"

#include "sim/accelerator/checked.hpp"

#include <algorithm>

namespace quatrain::sim {

Tally& Tally::operator+=(const Tally& other) {
  if (records == 0) return *this = other;
  records += other.records;
  use += other.use;
  in_range_macs = checked_sum(in_range_macs, other.in_range_macs);
  traffic += other.traffic;
  compulsory += other.compulsory;
  memory_bound += other.memory_bound;
  longer_milliseconds += other.longer_milliseconds;
  if (stalls && other.stalls)
    *stalls += *other.stalls;
  else
    stalls.reset();
  if (activity && other.activity)
    *activity += *other.activity;
  else
    activity.reset();
  if (quantizer_cycles && other.quantizer_cycles)
    quantizer_cycles = checked_sum(*quantizer_cycles, *other.quantizer_cycles);
  if (transposer_cycles && other.transposer_cycles)
    transposer_cycles = checked_sum(*transposer_cycles, *other.transposer_cycles);
  for (std::size_t i = 0; i < energy_pj.size(); ++i) energy_pj[i] += other.energy_pj[i];
  return *this;
}

Tally repeated(Tally tally, std::uint64_t count) {
  Tally sum;
  for (;;) {  // one bit of `count` after the other
    if (count % 2 == 1) sum += tally;
    count /= 2;
    if (count == 0) return sum;
    tally += Tally(tally);
  }
}

double compute_milliseconds(const AcceleratorConfig& config, const Tally& tally) {
  return static_cast<double>(tally.use.cycles) / (config.clock_mhz * 1e3);
}

double milliseconds(const AcceleratorConfig& config, const Tally& tally) {
  if (!tally.stalls) return compute_milliseconds(config, tally);
  return static_cast<double>(checked_sum(tally.use.cycles, tally.stalls->all())) / (config.clock_mhz * 1e3);
}

double dram_milliseconds(const AcceleratorConfig& config, const Tally& tally) {
  constexpr double gib = 1024.0 * 1024.0 * 1024.0;
  return static_cast<double>(tally.traffic.total_bytes()) / (config.dram_gib_per_s * gib) * 1e3;
}

void compare_times(const AcceleratorConfig& config, Tally& tally) {
  const double of_cycles = compute_milliseconds(config, tally), of_bytes = dram_milliseconds(config, tally);
  tally.longer_milliseconds = std::max(of_cycles, of_bytes);
  const bool waits_longer = tally.stalls ? tally.stalls->all() > tally.use.cycles : of_bytes > of_cycles;
  tally.memory_bound = waits_longer ? 1 : 0;
}

}  // namespace quatrain::sim
