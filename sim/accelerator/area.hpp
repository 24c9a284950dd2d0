#pragma once
/// Area of a design: the gates and memories that its energies count, times a technology table
/// (docs/energy.md, "Area").

#include "sim/accelerator/circuits.hpp"
#include "sim/accelerator/technology.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim {

/// Logic or a memory.
struct ComponentArea {
  std::string component;  ///< "pes", "operand_sram"
  std::uint64_t amount = 0;
  AreaConstant per_unit;
  Bounds mm2;
};

std::vector<ComponentArea> area_by_component(const AcceleratorConfig& config, const Technology& technology);
Bounds total_mm2(std::span<const ComponentArea> lines);

}  // namespace quatrain::sim
