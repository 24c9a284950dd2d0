#include "sim/report/difference_map.hpp"

#include "sim/report/html.hpp"
#include "sim/report/numbers.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace quatrain::sim::report {
namespace {

using diagnosis::DifferenceMap;
using diagnosis::Pattern;

Map map_of(const std::string& machine, const Pattern& pattern) {
  const bool is_codes = pattern.of == "codes";
  const bool has_groups = !is_codes && pattern.groups.size > 1;
  return {.title = fmt::format("{}: where the {} of {} differ", machine, pattern.of, pattern.record),
          .row_label = is_codes     ? "line"
                       : has_groups ? "row m, groups one under another"
                                    : "row m",
          .column_label = is_codes ? "element in the line" : "column n",
          .rows = is_codes ? pattern.map.rows : pattern.rows.size * pattern.groups.size,
          .columns = is_codes ? pattern.map.columns * pattern.map.columns_a_cell : pattern.columns.size,
          .cells = pattern.map};
}

std::string range_text(std::int64_t cell, std::int64_t a_cell, std::int64_t size) {
  const std::int64_t first = cell * a_cell, last = std::min(first + a_cell, size) - 1;
  return first == last ? fmt::format("{}", first) : fmt::format("{} to {}", first, last);
}

struct MapPart {
  const char* word;
  DifferenceFindings MachineFindings::*findings;
};
constexpr std::array<MapPart, 2> parts = {
    {{"GEMMs", &MachineFindings::gemm_differences}, {"quantizers", &MachineFindings::quantizer_differences}}};

}  // namespace

void add_differences(const CrossCheck& check, Section& section) {
  Table patterns{.title = "How they differ",
                 .columns = {{"machine", Align::left},
                             {"first record with a pattern", Align::left},
                             {"pattern", Align::left}},
                 .rows = {}};
  Table diagnoses{.title = "Which mistake gives these bits",
                  .columns = {{"machine", Align::left},
                              {"of", Align::left},
                              {"cause", Align::left},
                              {"evidence", Align::left}},
                  .rows = {}};
  for (const MachineFindings& machine : check.machines)
    for (const auto& [word, member] : parts) {
      const auto& [pattern, diagnosis] = machine.*member;
      if (pattern) {
        patterns.rows.push_back(
            {{machine.name, Tone::bad}, pattern->record, base::joined(describe(*pattern), "; ")});
        section.maps.push_back(map_of(machine.name, *pattern));
      }
      if (diagnosis)
        diagnoses.rows.push_back({{machine.name, Tone::bad}, word, diagnosis->cause, diagnosis->evidence});
    }
  if (!patterns.rows.empty()) section.tables.push_back(std::move(patterns));
  if (!diagnoses.rows.empty()) section.tables.push_back(std::move(diagnoses));
}

std::string render_map(const Map& map) {
  constexpr int side = 12;
  const DifferenceMap& cells = map.cells;
  const std::uint64_t most = std::max<std::uint64_t>(std::ranges::max(cells.counts), 1);
  std::string squares;
  for (std::int64_t row = 0; row < cells.rows; ++row)
    for (std::int64_t column = 0; column < cells.columns; ++column) {
      const std::uint64_t count = cells.counts[static_cast<std::size_t>(row * cells.columns + column)];
      const double shade =
          count == 0 ? 0 : 0.2 + 0.8 * static_cast<double>(count) / static_cast<double>(most);
      squares += fmt::format(
          "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill-opacity=\"{:.2f}\"><title>{} {}, {} {}: "
          "{} "
          "different</title></rect>",
          column * side, row * side, side - 1, side - 1, shade, escape_html(map.row_label),
          range_text(row, cells.rows_a_cell, map.rows), escape_html(map.column_label),
          range_text(column, cells.columns_a_cell, map.columns), grouped(count));
    }
  return fmt::format(
      "<figure class=\"map\"><figcaption>{}</figcaption><svg viewBox=\"-1 -1 {} {}\" width=\"{}\" "
      "role=\"img\" "
      "aria-label=\"{}\">{}</svg><p>Down: {}, {} in a cell. Across: {}, {} in a cell.</p></figure>\n",
      escape_html(map.title), cells.columns * side + 1, cells.rows * side + 1, cells.columns * side + 1,
      escape_html(map.title), squares, escape_html(map.row_label), cells.rows_a_cell,
      escape_html(map.column_label), cells.columns_a_cell);
}

}  // namespace quatrain::sim::report
