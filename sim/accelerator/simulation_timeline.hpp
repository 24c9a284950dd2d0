#pragma once
/// What a design does while it computes a workload, as bars on five tracks: the array, its waits by cause,
/// the quantizer lanes, the requests of the DMA (direct memory access: what moves blocks), and the time that
/// the bytes alone take in the DRAM. Bars are GEMMs, or their blocks where the design waits for its memory.

#include "sim/accelerator/mapping/block_traffic.hpp"
#include "sim/accelerator/memory/stalls.hpp"
#include "sim/accelerator/tally.hpp"
#include "sim/accelerator/training_gemm.hpp"
#include "sim/records/trace_events.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace quatrain::sim {

class SimulationTimeline {
 public:
  /// A design on a workload: one process of the file. The array waits where the design models stalls. Without
  /// them each track counts for itself: a bar begins with its GEMM, or behind the bar before it.
  void begin(const AcceleratorConfig& config, std::string_view workload);
  /// The next GEMM. `once`: the tally of one occurrence. `traffic`: of its blocks.
  void add(const TrainingGemm& work, const Tally& once, BlockTraffic& traffic);
  /// The file (trace_events_mark).
  std::string text() const { return events_.text(); }

 private:
  enum class Track : std::uint8_t { array, waits, quantizers, dma, dram };
  static constexpr std::array<std::string_view, 5> track_words = {"array", "waits", "quantizers", "DMA",
                                                                  "DRAM"};
  struct Bar {
    Track track = Track::array;
    std::string_view name = "", colour = "";
    std::uint64_t begin = 0, cycles = 0;
  };

  void draw(const TrainingGemm& work, const Bar& bar);
  void draw_beside(const TrainingGemm& work, Track track, double cycles);
  void draw_blocks(const TrainingGemm& work, const Tally& once, BlockTraffic& traffic);
  void draw_whole(const TrainingGemm& work, const Tally& once, BlockTraffic& traffic, std::uint64_t times);

  TraceEvents events_;
  const AcceleratorConfig* config_ = nullptr;
  std::size_t process_ = 0;
  std::uint64_t now_ = 0;                             ///< cycle in which the next GEMM begins
  std::array<double, track_words.size()> free_ = {};  ///< end of each track's last bar, in cycles
};

}  // namespace quatrain::sim
