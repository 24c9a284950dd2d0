#include "sim/accelerator/simulation_timeline.hpp"

#include "sim/accelerator/memory/gemm_stalls.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim {
namespace {

/// Of one record of the workload. More are drawn as one bar for each track and cause.
constexpr std::uint64_t most_blocks = 2000;

struct Look {
  std::string_view name, colour;  ///< of Chrome's colours
};
constexpr Look load_wait{"load-bound", "thread_state_iowait"}, store_wait{"store-bound", "terrible"},
    quantizer_wait{"quantizers", "yellow"};

std::uint64_t blocks_of(const TrainingGemm& work) {
  if (!work.mapping.blocks) return 1;
  const Trips trips = trips_of(*work.mapping.blocks, work.mapping.size);
  return trips.m * trips.n * trips.k * work.mapping.groups();
}

}  // namespace

void SimulationTimeline::begin(const AcceleratorConfig& config, std::string_view workload) {
  config_ = &config;
  ++process_;
  now_ = 0;
  free_ = {};
  events_.name_process(process_, fmt::format("{}, {}", config.name, workload));
  for (std::size_t i = 0; i < track_words.size(); ++i) events_.name_track(process_, i + 1, track_words[i]);
}

void SimulationTimeline::add(const TrainingGemm& work, const Tally& once, BlockTraffic& traffic) {
  const bool is_fine = blocks_of(work) <= most_blocks / std::min(work.count, most_blocks);
  for (std::uint64_t i = 0; i < (is_fine ? work.count : 1); ++i) {
    const std::uint64_t times = is_fine ? 1 : work.count;
    draw_beside(work, Track::quantizers,
                static_cast<double>(once.quantizer_cycles.value_or(0)) * static_cast<double>(times));
    draw_beside(work, Track::dram,
                dram_milliseconds(*config_, once) * 1e3 * config_->clock_mhz * static_cast<double>(times));
    if (is_fine && once.stalls)
      draw_blocks(work, once, traffic);
    else
      draw_whole(work, once, traffic, times);
  }
}

void SimulationTimeline::draw(const TrainingGemm& work, const Bar& bar) {
  if (bar.cycles == 0) return;
  const double us_per_cycle = 1 / config_->clock_mhz;
  const std::string gemm = fmt::format("{} {}", work.layer, name_of(work.gemm.phase));
  const traces::GemmSize size = work.size();
  events_.add(
      {.process = process_,
       .track = static_cast<std::size_t>(bar.track) + 1,
       .name = bar.name.empty() ? std::string_view(gemm) : bar.name,
       .category = name_of(work.gemm.phase),
       .colour = bar.colour,
       .begin_us = static_cast<double>(bar.begin) * us_per_cycle,
       .us = static_cast<double>(bar.cycles) * us_per_cycle,
       .arguments = {{"layer", work.layer},
                     {"phase", std::string(name_of(work.gemm.phase))},
                     {"gemm", fmt::format("{} x {} x {}, {} groups", size.m, size.n, size.k, size.groups)},
                     {"begin_cycle", bar.begin},
                     {"cycles", bar.cycles}}});
}

/// What the array does not wait for, as far as stalls are not modelled.
void SimulationTimeline::draw_beside(const TrainingGemm& work, Track track, double cycles) {
  if (cycles == 0) return;
  double& free = free_[static_cast<std::size_t>(track)];
  const double begin = std::max(free, static_cast<double>(now_)), us_per_cycle = 1 / config_->clock_mhz;
  free = begin + cycles;
  events_.add({.process = process_,
               .track = static_cast<std::size_t>(track) + 1,
               .name = work.layer,
               .category = name_of(work.gemm.phase),
               .begin_us = begin * us_per_cycle,
               .us = cycles * us_per_cycle,
               .arguments = {{"layer", work.layer}, {"phase", std::string(name_of(work.gemm.phase))}}});
}

void SimulationTimeline::draw_blocks(const TrainingGemm& work, const Tally& once, BlockTraffic& traffic) {
  const std::uint64_t waited = once.stalls->quantizers;
  draw(work, {Track::waits, quantizer_wait.name, quantizer_wait.colour, now_, waited});
  draw(work, {Track::dma, "quantized tensors", "", now_, waited});
  now_ += waited;
  stalls_of(traffic, work.mapping, timing_of(*config_, *config_->stalls()), config_->buffering,
            [&](BlockPart part, std::uint64_t begin, std::uint64_t cycles) {
              switch (part) {
                case BlockPart::compute:
                  return draw(work, {Track::array, "", "", now_ + begin, cycles});
                case BlockPart::load:
                  return draw(work, {Track::dma, "load", "", now_ + begin, cycles});
                case BlockPart::store:
                  return draw(work, {Track::dma, "store", "", now_ + begin, cycles});
                case BlockPart::load_wait:
                  return draw(work, {Track::waits, load_wait.name, load_wait.colour, now_ + begin, cycles});
                case BlockPart::store_wait:
                  return draw(work, {Track::waits, store_wait.name, store_wait.colour, now_ + begin, cycles});
              }
            });
  now_ += once.use.cycles + once.stalls->load_bound + once.stalls->store_bound;
}

void SimulationTimeline::draw_whole(const TrainingGemm& work, const Tally& once, BlockTraffic& traffic,
                                    std::uint64_t times) {
  const auto next = [&](Track track, const Look& look, std::uint64_t cycles) {
    draw(work, {track, look.name, look.colour, now_, cycles * times});
    now_ += cycles * times;
  };
  if (!once.stalls) return next(Track::array, {}, once.use.cycles);
  std::uint64_t moving = once.stalls->quantizers;
  stalls_of(traffic, work.mapping, timing_of(*config_, *config_->stalls()), config_->buffering,
            [&](BlockPart part, std::uint64_t, std::uint64_t cycles) {
              if (part == BlockPart::load || part == BlockPart::store) moving += cycles;
            });
  draw(work, {Track::dma, "all blocks", "", now_, moving * times});
  next(Track::waits, quantizer_wait, once.stalls->quantizers);
  next(Track::waits, load_wait, once.stalls->load_bound);
  next(Track::array, {}, once.use.cycles);
  next(Track::waits, store_wait, once.stalls->store_bound);
}

}  // namespace quatrain::sim
