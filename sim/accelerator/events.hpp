#pragma once
/// What happens in an accelerator while a GEMM runs, as counts of events that a technology table can price
/// (docs/energy.md, "Components"). Integers only.

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/price.hpp"
#include "sim/accelerator/traffic.hpp"
#include "sim/workload/workload.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace quatrain::sim {

enum class Component : std::uint8_t {
  pe_combinational,
  pe_flip_flops,
  skew_flip_flops,
  operand_sram,
  accumulator_sram,
  dram,
  quantizer_dram,
  quantizer,
  random_source,
  transposer,
  epilogue,
  wires,
  clock_tree,
  leakage,
  sram_leakage
};
inline constexpr std::array<std::string_view, 15> component_words = {
    "pe_combinational", "pe_flip_flops", "skew_flip_flops", "operand_sram", "accumulator_sram", "dram",
    "quantizer_dram",   "quantizer",     "random_source",   "transposer",   "epilogue",         "wires",
    "clock_tree",       "leakage",       "sram_leakage"};
std::string_view name_of(Component component);

struct EventCount {
  Component component;
  Price price;
  std::uint64_t events = 0;
};

/// At most one entry per (component, price). Sorted by component; inside a component in the order of adding.
class EventCounts {
 public:
  void add(Component component, Price price, std::uint64_t events);
  EventCounts& operator+=(const EventCounts& other);
  /// Each event happens so often.
  EventCounts& operator*=(std::uint64_t count);
  /// The logic of the PEs switches as in `switching` MACs instead of `macs`.
  void switch_as(const AcceleratorConfig& config, std::uint64_t macs, std::uint64_t switching);
  const std::vector<EventCount>& entries() const { return entries_; }

 private:
  std::vector<EventCount> entries_;
};

/// What prices a bit from or to DRAM.
TechnologyRow dram_row(Dram dram);

/// `use`: that of `mapping`. `transposer_cycles`: 0 where the design has no transposer.
EventCounts events_of(const AcceleratorConfig& config, const Mapping& mapping, const UseOfArray& use,
                      const Traffic& traffic, const std::vector<QuantizerWork>& quantizers,
                      std::uint64_t transposer_cycles = 0);

/// Leakage of all logic and memories over so many cycles, stalls included, in whole nanoseconds.
EventCounts leakage_of(const AcceleratorConfig& config, std::uint64_t cycles);

}  // namespace quatrain::sim
