#pragma once
/// What a design is made of: logic in NAND2 equivalents, memories in KiB (docs/energy.md, "Gate counts"). For
/// leakage and area.

#include "sim/accelerator/config.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace quatrain::sim {

inline constexpr unsigned gates_of_a_flip_flop = 4;

/// Combinational logic and registers of one PE.
std::uint64_t gates_of_pe(const AcceleratorConfig& config);
/// Bits of the registers in front of the array, which delay row i and column j by i and j cycles.
std::uint64_t skew_bits(const AcceleratorConfig& config);

struct Logic {
  std::string_view name;
  std::uint64_t gates = 0;
};
/// "pes", "skew_registers", "transposer" where there is one, and where the config has lanes "quantizers" and
/// "random_sources". Control, address generators and the lanes' multipliers are not counted.
std::vector<Logic> logic_of(const AcceleratorConfig& config);

struct Memory {
  std::string_view name;
  unsigned kib = 0;
};
std::vector<Memory> memories_of(const AcceleratorConfig& config);

}  // namespace quatrain::sim
