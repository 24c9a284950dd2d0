#include "sim/accelerator/memory/dram_time.hpp"

#include "sim/accelerator/ceil_div.hpp"
#include "sim/accelerator/checked.hpp"

#include <cmath>

namespace quatrain::sim {
namespace {

std::uint64_t picoseconds(double nanoseconds) {
  return static_cast<std::uint64_t>(std::llround(nanoseconds * 1000));
}

std::uint64_t run_ps(const rtl_models::DramTiming& timing, std::uint64_t bytes) {
  constexpr double most = 9e18;  // below 2^63
  const double moved = std::ceil(static_cast<double>(ceil_div(bytes, timing.burst_bytes)) * timing.burst_ps);
  if (moved > most) throw base::Error("{} bytes take more than {} ps; expected a faster memory", bytes, most);
  const std::uint64_t pages = timing.page_bytes == 0 ? 0 : ceil_div(bytes, timing.page_bytes);
  return checked_sum(static_cast<std::uint64_t>(moved), checked_product(pages, timing.page_ps));
}

}  // namespace

rtl_models::DramTiming timing_of(const AcceleratorConfig& config, const DramDetails& dram) {
  constexpr double gib = 1024.0 * 1024.0 * 1024.0, ps_per_s = 1e12;
  rtl_models::DramTiming timing;
  timing.latency_ps = picoseconds(dram.latency_ns);
  timing.burst_bytes = dram.burst_bytes;
  timing.burst_ps =
      static_cast<double>(dram.burst_bytes) / (config.dram_gib_per_s * gib * dram.efficiency) * ps_per_s;
  timing.page_bytes = dram.page_bytes;
  timing.page_ps = picoseconds(dram.page_miss_ns);
  timing.period_ps = static_cast<std::uint64_t>(std::floor(1e6 / config.clock_mhz));
  return timing;
}

std::uint64_t request_cycles(const rtl_models::DramTiming& timing,
                             std::initializer_list<std::uint64_t> runs) {
  std::uint64_t ps = 0;
  bool is_empty = true;
  for (const std::uint64_t bytes : runs)
    if (bytes > 0) {
      ps = checked_sum(ps, run_ps(timing, bytes));
      is_empty = false;
    }
  return is_empty ? 0 : ceil_div(checked_sum(ps, timing.latency_ps), timing.period_ps);
}

}  // namespace quatrain::sim
