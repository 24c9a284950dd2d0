#include "sim/report/designs.hpp"
#include "sim/report/numbers.hpp"

namespace quatrain::sim::report {

Table area_table(const std::vector<ShownDesign>& designs) {
  Table table{.title = "Area in square millimetres, with the kind of its constants",
              .columns = {{"node", Align::left}, {"accelerator", Align::left}, {"part", Align::left}},
              .rows = {}};
  for (const Bound& bound : bounds_in_order) table.columns.push_back({std::string(bound.name)});
  table.columns.push_back({"kind", Align::left});
  const auto add = [&](const std::string& node, const std::string& label, const std::string& part,
                       const Bounds& mm2, const std::string& kind) {
    std::vector<Cell>& row = table.rows.emplace_back(std::vector<Cell>{node, label, part});
    for (const Bound& bound : bounds_in_order) row.emplace_back(significant(mm2.*bound.member));
    row.emplace_back(kind);
  };
  for (const std::string& node : nodes_of(designs))
    for (const ShownDesign& design : designs)
      if (const TechnologyResult* technology = design.technology(node)) {
        for (const ComponentArea& line : technology->area)
          add(node, design.label(), line.component, line.mm2, line.per_unit.origin.kind);
        add(node, design.label(), "total", total_mm2(technology->area), "");
      }
  return table;
}

}  // namespace quatrain::sim::report
