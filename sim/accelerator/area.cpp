#include "sim/accelerator/area.hpp"

namespace quatrain::sim {

std::vector<ComponentArea> area_by_component(const AcceleratorConfig& config, const Technology& technology) {
  constexpr double mm2_per_um2 = 1e-6;
  std::vector<ComponentArea> lines;
  const auto add = [&](std::string_view component, std::uint64_t amount, const AreaConstant& per_unit) {
    lines.push_back(
        {std::string(component), amount, per_unit, mm2_per_um2 * static_cast<double>(amount) * per_unit.um2});
  };
  for (const Logic& logic : logic_of(config)) add(logic.name, logic.gates, technology.nand2_area());
  for (const Memory& memory : memories_of(config)) add(memory.name, memory.kib, technology.sram_area());
  return lines;
}

Bounds total_mm2(std::span<const ComponentArea> lines) {
  Bounds sum;
  for (const ComponentArea& line : lines) sum += line.mm2;
  return sum;
}

}  // namespace quatrain::sim
