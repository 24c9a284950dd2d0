#include "sim/accelerator/pricing.hpp"

#include "traces/base/error.hpp"

namespace quatrain::sim {
namespace {

void check_names(std::span<const Technology> technologies) {
  for (std::size_t i = 0; i < technologies.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (technologies[i].name() == technologies[j].name())
        throw base::Error("two technology tables have the name '{}'; expected different names",
                          technologies[i].name());
}

}  // namespace

void price(Simulation& simulation, std::span<const Technology> technologies) {
  check_names(technologies);
  EventCounts all;
  for (RecordResult& record : simulation.records) {
    record.tally.energy_pj.clear();
    for (const Technology& technology : technologies)
      record.tally.energy_pj.push_back(energy_pj(record.events, technology));
    all += record.events;
  }
  simulation.technologies.clear();
  simulation.total.energy_pj.clear();  // the components' sums, not those of the records: fewer roundings
  for (const Technology& technology : technologies) {
    simulation.technologies.push_back({technology.name(), technology.table_sha256,
                                       energy_by_component(all, technology), energy_pj(all, technology),
                                       area_by_component(simulation.config, technology)});
    simulation.total.energy_pj.push_back(simulation.technologies.back().energy_pj);
  }
}

}  // namespace quatrain::sim
