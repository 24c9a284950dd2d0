#include "sim/accelerator/energy.hpp"

#include <fmt/format.h>

namespace quatrain::sim {
namespace {

std::string name_of_price(const Price& price) {
  if (const Row* row = std::get_if<Row>(&price)) return std::string(name_of(*row));
  const SramWord& word = std::get<SramWord>(price);
  return fmt::format("sram_{}kib_{}bit_{}", word.kib, word.width_bits,
                     word.access == Access::read ? "read" : "write");
}

Constant constant_of(const Price& price, const Technology& technology) {
  if (const Row* row = std::get_if<Row>(&price)) return technology.row(*row);
  return technology.sram(std::get<SramWord>(price));
}

}  // namespace

std::vector<ComponentEnergy> energy_by_component(const EventCounts& counts, const Technology& technology) {
  std::vector<ComponentEnergy> lines;
  for (const EventCount& entry : counts.entries()) {
    const Constant constant = constant_of(entry.price, technology);
    lines.push_back({entry.component, name_of_price(entry.price), entry.events, constant,
                     static_cast<double>(entry.events) * constant.pj});
  }
  return lines;
}

Bounds energy_pj(const EventCounts& counts, const Technology& technology) {
  Bounds sum;
  for (const ComponentEnergy& line : energy_by_component(counts, technology)) sum += line.energy_pj;
  return sum;
}

}  // namespace quatrain::sim
