#include "sim/accelerator/circuits.hpp"

#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/dataflow/registers.hpp"
#include "sim/accelerator/transposer.hpp"

#include <algorithm>
#include <cstdlib>

namespace quatrain::sim {
namespace {

// Synthesized, combinational; registers apart (docs/energy.md, "Gate counts").
constexpr unsigned maximum_gates = 205, maximum_bits = 31;
constexpr unsigned lane_gates = 346;       // with 16 random bits; narrower draws use the same lane
constexpr unsigned philox_gates = 11'015;  // a 16-bit draw in each cycle
constexpr unsigned lfsr_gates = 99, lfsr_bits = 32;

// In front of each register bit of the transposer: two ways in (assumed).
constexpr unsigned selector_gates = 3;

// To find a zero operand and to keep the inputs of the logic as they are, for each bit of one side (assumed).
constexpr unsigned zero_gate_gates = 4;

std::uint64_t gates_of(RandomSource source) {
  switch (source) {
    case RandomSource::philox:
      return philox_gates;
    case RandomSource::lfsr:
      return lfsr_gates + gates_of_a_flip_flop * lfsr_bits;
    case RandomSource::none:
      return 0;
  }
  std::abort();
}

/// Comparisons of the maximum unit in a cycle. Fused, it takes whatever leaves the array or the vector unit.
std::uint64_t maxima_of(const AcceleratorConfig& config) {
  switch (config.quantizers->placement) {
    case QuantizerPlacement::dram:
      return config.quantizers->lanes;
    case QuantizerPlacement::fused:
      return std::max({config.quantizers->lanes, config.array.columns,
                       config.vector_lanes.value_or(default_vector_lanes)});
  }
  std::abort();
}

/// NAND2 equivalents of the adders that stand in a PE beside its integer one.
std::uint64_t adder_gates(const traces::Accumulator& accumulator) {
  constexpr std::uint64_t fp16 = 750, fp32 = 1744;
  if (!accumulator.is_float()) return 0;
  return (accumulator.is_narrow() ? fp16 : fp32) + (accumulator.chunk != 0 ? fp32 : 0);
}

}  // namespace

std::uint64_t gates_of_pe(const AcceleratorConfig& config) {
  const Registers registers = registers_of(config.dataflow, config.pe->operand_bits, config.accumulator);
  const std::uint64_t zero_gate = config.zero_gating ? zero_gate_gates * config.pe->operand_bits : 0;
  return config.pe->gates + adder_gates(config.accumulator) + zero_gate +
         std::uint64_t{gates_of_a_flip_flop} * registers.pe;
}

std::uint64_t skew_bits(const AcceleratorConfig& config) {
  const Registers registers = registers_of(config.dataflow, config.pe->operand_bits, config.accumulator);
  const auto triangle = [](std::uint64_t lanes) { return lanes * (lanes - 1) / 2; };
  return triangle(config.array.rows) * registers.left_link +
         triangle(config.array.columns) * registers.top_link;
}

std::vector<Logic> logic_of(const AcceleratorConfig& config) {
  const std::uint64_t pes = std::uint64_t{config.array.rows} * config.array.columns;
  std::vector<Logic> logic = {{"pes", checked_product(pes, gates_of_pe(config))},
                              {"skew_registers", gates_of_a_flip_flop * skew_bits(config)}};
  if (const std::uint64_t bits = transposer_bits(config); bits > 0)
    logic.push_back(
        {"transposer", checked_product(bits, std::uint64_t{selector_gates + gates_of_a_flip_flop})});
  if (!config.quantizers) return logic;
  const std::uint64_t lanes = std::uint64_t{config.quantizers->lanes} * config.quantizers->groups();
  logic.push_back({"quantizers", maxima_of(config) * (maximum_gates + gates_of_a_flip_flop * maximum_bits) +
                                     lanes * lane_gates});
  logic.push_back({"random_sources", lanes * gates_of(config.random_source)});
  return logic;
}

std::vector<Memory> memories_of(const AcceleratorConfig& config) {
  return {{"operand_sram", config.operand_kib}, {"accumulator_sram", config.accumulator_kib}};
}

}  // namespace quatrain::sim
