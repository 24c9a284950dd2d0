#pragma once
/// What bounds a design on a workload, layer by layer, and which single key of its config would help most.
/// Both come from the simulator's closed forms; a change is tried, not guessed.

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/technology.hpp"
#include "sim/embedded/overrides.hpp"
#include "sim/workload/workload.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// Where the cycles of a GEMM go.
enum class Cause : std::uint8_t { computing, ragged_edge, fill, load, store, quantizers };
struct CauseInfo {
  std::string_view word;
  std::string_view sentence;  ///< after "bound by"
};
inline constexpr std::array<CauseInfo, 6> causes = {{
    {"computing", "its MACs: every PE has work"},
    {"ragged edge", "ragged edges: tiles that are smaller than the array leave PEs without work"},
    {"fill and drain", "fill and drain: operands enter, or results leave, while PEs wait"},
    {"load", "loads: the array waits for operands"},
    {"store", "stores: the array waits until results have left"},
    {"quantizers", "quantizers: tensors pass them before the GEMM"},
}};

/// Of the GEMMs of one layer and phase. The causes' cycles add up to the time.
struct LayerTime {
  std::string layer;
  traces::Phase phase = traces::Phase::forward;
  std::array<double, causes.size()> cycles = {};

  double all() const;
  Cause bound_by() const;  ///< the largest; of equal ones the first
};

/// One key of the config with another value.
struct Change {
  Override key;
  double cycles = 0;  ///< of the whole workload
};

struct Explanation {
  AcceleratorConfig config;
  std::vector<LayerTime> layers;  ///< in the order of the workload
  std::vector<Change> changes;  ///< tried and legal, the fastest first; of equal ones in the order of trying
  double cycles = 0;            ///< of the whole workload, stalls included

  double milliseconds(double of_cycles) const { return of_cycles / (config.clock_mhz * 1e3); }
};

/// The config as text, unread; `name` stands for its file in messages, and its tables count from `folder`.
struct DesignText {
  std::string text, name;
  std::filesystem::path folder;
};

/// `layer`: its GEMMs alone, also for the changes; "" for all. Throws Error when no GEMM is of that layer or
/// the config is refused.
Explanation explain(const DesignText& design, const Workload& workload, std::string_view layer = {});

/// Sentences for a terminal.
std::string text_of(const Explanation& explanation, const std::string& workload, const std::string& command);

}  // namespace quatrain::sim
