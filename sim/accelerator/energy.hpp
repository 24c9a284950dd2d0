#pragma once
/// Energy = event counts x technology table. Version 1 prices counts; measured toggles are reported, not
/// priced (docs/energy.md).

#include "sim/accelerator/events.hpp"
#include "sim/accelerator/technology.hpp"

#include <span>
#include <string>
#include <vector>

namespace quatrain::sim {

/// One line of the roll-up.
struct ComponentEnergy {
  Component component;
  std::string constant;  ///< "fp32_mul", "sram_32kib_128bit_read"
  std::uint64_t events = 0;
  Constant per_event;
  Bounds energy_pj;
};

std::vector<ComponentEnergy> energy_by_component(const EventCounts& counts, const Technology& technology);

Bounds energy_pj(const EventCounts& counts, const Technology& technology);

/// The kinds of constants that price the lines. Each is named once, the surest first: "derived+assumed".
std::string kinds_of(std::span<const ComponentEnergy> lines);

/// All lines of one component.
struct ComponentTotal {
  Component component;
  Bounds energy_pj;
  std::string kinds;
};

/// `lines`: sorted by component, as energy_by_component gives them.
std::vector<ComponentTotal> totals_by_component(std::span<const ComponentEnergy> lines);

}  // namespace quatrain::sim
