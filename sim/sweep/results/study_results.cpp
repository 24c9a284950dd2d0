#include "sim/sweep/results/study_results.hpp"

#include "sim/accelerator/events.hpp"
#include "sim/accelerator/figures.hpp"
#include "sim/sweep/results/csv_reader.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace quatrain::sim {
namespace {

/// The columns that every row begins with.
class RowBeginning {
 public:
  explicit RowBeginning(const CsvReader& table) : table_(table) {
    const std::size_t first = table.column("values") + 1;
    const std::size_t last = table.has("refused") ? table.column("refused") : table.column("layer");
    keys_.assign(table.headings().begin() + static_cast<std::ptrdiff_t>(first),
                 table.headings().begin() + static_cast<std::ptrdiff_t>(last));
    first_ = first;
  }

  const std::vector<std::string>& keys() const { return keys_; }
  std::string name() const { return table_.at(0); }
  StudiedWorkload workload() const {
    return {table_.at(1), table_.at(2), table_.at(3), table_.at(4), table_.at(5)};
  }
  std::vector<std::string> values() const {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < keys_.size(); ++i) values.push_back(table_.at(first_ + i));
    return values;
  }

 private:
  const CsvReader& table_;
  std::vector<std::string> keys_;
  std::size_t first_ = 0;
};

bool is_same_design(const StudiedDesign& design, const RowBeginning& row) {
  return design.name == row.name() && design.values == row.values();
}

Bounds bounds_at(const CsvReader& table, const std::string& column) {
  Bounds bounds;
  for (const Bound& bound : bounds_in_order)
    bounds.*bound.member = table.number_at(table.column(fmt::format("{}_{}", column, bound.name)));
  return bounds;
}

/// The row's figures on top of the design's.
void add_row(const CsvReader& table, double weight, StudiedDesign& design) {
  const auto number = [&](const std::string& column) { return table.number_at(table.column(column)); };
  design.technology = table.at(table.column("priced_at"));
  const std::string energy = "energy_pj_" + design.technology;
  const Bounds all = bounds_at(table, energy);
  for (const Bound& bound : bounds_in_order) design.energy_pj.*bound.member += weight * all.*bound.member;
  design.sums.milliseconds += weight * number("milliseconds");
  design.sums.energy_pj += weight * all.nominal;
  design.sums.buffer_kib = number("buffer_kib");
  design.sums.area_mm2 = bounds_at(table, "area_mm2_" + design.technology).nominal;
  design.component_pj.resize(component_words.size());
  for (std::size_t i = 0; i < component_words.size(); ++i)
    design.component_pj[i] += weight * number(fmt::format("{}_{}_nominal", energy, component_words[i]));
  design.peak_gmacs_per_s = number("peak_gmacs_per_s");
  design.gib_per_s = number("gib_per_s");
  design.has_stalls = !table.at(table.column("stalls_load_bound")).empty();
}

double weight_of(const Study& study, std::size_t workload) {
  return workload < study.workloads.size() ? study.workloads[workload].weight : 1;
}

/// One design after the other, each with all workloads in the same order.
std::vector<StudiedDesign> read_designs(const Study& study, CsvReader& table, const std::string& file,
                                        StudyResults& results) {
  const RowBeginning row(table);
  results.keys = row.keys();
  const std::size_t refused = table.column("refused");
  std::vector<StudiedDesign> designs;
  std::size_t workload = 0;
  while (table.next()) {
    if (designs.empty() || !is_same_design(designs.back(), row)) {
      if (!designs.empty() && workload != results.workloads.size())
        throw base::Error("{}: {} of {} workloads of {}; expected all", file, workload,
                          results.workloads.size(), designs.back().name);
      designs.push_back({.name = row.name(), .values = row.values()});
      workload = 0;
    }
    StudiedWorkload found = row.workload();
    found.weight = weight_of(study, workload);
    if (designs.size() == 1)
      results.workloads.push_back(found);
    else if (workload >= results.workloads.size() || !results.workloads[workload].is_same_as(found))
      throw base::Error("{}: {} runs {}; expected the workloads of the first design", file,
                        designs.back().name, found.name);
    StudiedDesign& design = designs.back();
    if (!table.at(refused).empty())
      design.refused = table.at(refused);
    else
      add_row(table, found.weight, design);
    ++workload;
  }
  if (designs.empty() || workload != results.workloads.size())
    throw base::Error("{}: ends too early; expected a row for each design and workload", file);
  for (StudiedDesign& design : designs)
    design.keeps_constraints = design.refused.empty() && keeps_constraints(study, design.sums);
  return designs;
}

/// Where rows of a table of layers belong, which has the designs and workloads in the same order.
class LayerTable {
 public:
  LayerTable(CsvReader& table, std::string file, StudyResults& results)
      : table_(table), file_(std::move(file)), row_(table), results_(results) {}

  void read() {
    results_.shapes.resize(results_.workloads.size());
    std::size_t design = 0, workload = 0;
    const std::size_t count = results_.designs.size() * results_.workloads.size();
    for (std::size_t place = 0; table_.next(); add(design, workload)) {
      for (; place < count; ++place) {
        design = place / results_.workloads.size(), workload = place % results_.workloads.size();
        if (is_same_design(results_.designs[design], row_) &&
            results_.workloads[workload].is_same_as(row_.workload()))
          break;
      }
      if (place == count)
        throw base::Error("{}: {} is not in the table of designs; expected the same order", file_,
                          row_.name());
    }
  }

 private:
  std::size_t column(const char* name) {
    return columns_.try_emplace(name, table_.column(name)).first->second;
  }
  double number(const char* name) { return table_.number_at(column(name)); }

  LayerShape shape() {
    const std::string& groups = table_.at(column("groups"));
    return {table_.at(column("layer")), table_.at(column("phase")),
            fmt::format("{}{} x {} x {}", groups == "1" ? "" : groups + " x ", table_.at(column("m")),
                        table_.at(column("n")), table_.at(column("k")))};
  }

  void add(std::size_t design_index, std::size_t workload) {
    StudiedDesign& design = results_.designs[design_index];
    design.layers.resize(results_.workloads.size());
    std::vector<LayerShape>& shapes = results_.shapes[workload];
    const LayerShape mine = shape();
    const auto is_it = [&](const LayerShape& other) { return mine.is_same_as(other); };
    if (design_index != last_design_ || workload != last_workload_) next_ = 0;
    last_design_ = design_index, last_workload_ = workload;
    // Nearly always the shapes come in the order of the design before.
    std::size_t index = next_ < shapes.size() && is_it(shapes[next_])
                            ? next_
                            : static_cast<std::size_t>(std::ranges::find_if(shapes, is_it) - shapes.begin());
    if (index == shapes.size()) shapes.push_back(mine), owners_[{workload, index}] = design_index;
    next_ = index + 1;
    if (owners_[{workload, index}] == design_index) shapes[index].macs += number("macs");
    std::vector<LayerFigures>& all = design.layers[workload];
    if (all.size() <= index) all.resize(index + 1);
    LayerFigures& figures = all[index];
    figures.milliseconds += std::max(number("milliseconds"), number("longer_milliseconds"));
    for (const char* name : {"bytes_left", "bytes_right", "bytes_result", "bytes_accumulator"})
      figures.moved_bytes += number(name);
    for (const char* name : {"compulsory_bytes_left", "compulsory_bytes_right", "compulsory_bytes_result"})
      figures.compulsory_bytes += number(name);
    figures.quantizer_bytes += number("bytes_quantizer");
    figures.energy_pj +=
        table_.number_at(table_.column(fmt::format("energy_pj_{}_nominal", design.technology)));
  }

  CsvReader& table_;
  std::string file_;
  RowBeginning row_;
  StudyResults& results_;
  std::map<const char*, std::size_t> columns_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t>
      owners_;  ///< the design that a shape's MACs are from
  std::size_t last_design_ = SIZE_MAX, last_workload_ = SIZE_MAX, next_ = 0;
};

/// A table of designs and the table of their layers, which may be none.
StudyResults read_pair(const Study& study, const std::string& designs, const std::string& designs_file,
                       const std::string& layers, const std::string& layers_file) {
  StudyResults results{.study = study};
  CsvReader table(designs, designs_file);
  results.designs = read_designs(study, table, designs_file, results);
  if (layers.empty()) return results;
  CsvReader of_layers(layers, layers_file);
  LayerTable(of_layers, layers_file, results).read();
  return results;
}

/// Figures by `mine` as figures by `all`, which gets what it lacks.
std::vector<std::vector<LayerFigures>> in_the_order_of(
    std::vector<std::vector<LayerShape>>& all, const std::vector<std::vector<LayerShape>>& mine,
    const std::vector<std::vector<LayerFigures>>& figures) {
  std::vector<std::vector<LayerFigures>> ordered(figures.size());
  for (std::size_t workload = 0; workload < figures.size(); ++workload)
    for (std::size_t i = 0; i < figures[workload].size(); ++i) {
      std::vector<LayerShape>& shapes = all[workload];
      const LayerShape& shape = mine[workload][i];
      const auto found =
          std::ranges::find_if(shapes, [&](const LayerShape& other) { return shape.is_same_as(other); });
      const auto index = static_cast<std::size_t>(found - shapes.begin());
      if (found == shapes.end()) shapes.push_back(shape);
      if (ordered[workload].size() <= index) ordered[workload].resize(index + 1);
      ordered[workload][index] = figures[workload][i];
    }
  return ordered;
}

}  // namespace

bool StudiedWorkload::is_same_as(const StudiedWorkload& other) const {
  return name == other.name && file == other.file && phases == other.phases && batch == other.batch &&
         values == other.values;
}

std::vector<std::size_t> StudyResults::ranked() const {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < designs.size(); ++i)
    if (designs[i].refused.empty()) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return std::pair(!designs[i].keeps_constraints, value(study.objective, i));
  });
  return order;
}

std::optional<std::size_t> StudyResults::best() const {
  const std::vector<std::size_t> order = ranked();
  if (order.empty() || !designs[order.front()].keeps_constraints) return std::nullopt;
  return order.front();
}

std::vector<std::size_t> StudyResults::front(Objective x, Objective y) const {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < designs.size(); ++i)
    if (designs[i].keeps_constraints) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return std::pair(value(x, i), value(y, i)); });
  std::vector<std::size_t> front;
  for (const std::size_t i : order) {
    const bool is_equal =
        !front.empty() && value(x, i) == value(x, front.back()) && value(y, i) == value(y, front.back());
    if (front.empty() || is_equal || value(y, i) < value(y, front.back())) front.push_back(i);
  }
  return front;
}

std::optional<double> StudyResults::times_base(std::size_t design) const {
  if (!base || !base->refused.empty()) return std::nullopt;
  const double of_base = value_of(study.objective, base->sums);
  return of_base > 0 ? std::optional(value(study.objective, design) / of_base) : std::nullopt;
}

std::vector<std::size_t> StudyResults::differing_keys() const {
  std::vector<std::size_t> differing;
  for (std::size_t key = 0; key < keys.size(); ++key) {
    std::set<std::string> values;
    for (const StudiedDesign& design : designs)
      if (design.refused.empty()) values.insert(design.values[key]);
    if (values.size() > 1) differing.push_back(key);
  }
  return differing;
}

StudyResults read_results(const Study& study, const std::string& folder, const StudyTables& tables) {
  const auto named = [&](const char* file) { return fmt::format("{}/{}", folder, file); };
  StudyResults results =
      read_pair(study, tables.designs, named("designs.csv"), tables.layers, named("layers.csv"));
  if (tables.base.empty()) return results;
  StudyResults base =
      read_pair(study, tables.base, named("base.csv"), tables.base_layers, named("base_layers.csv"));
  if (base.keys != results.keys || base.designs.size() != 1)
    throw base::Error("{}: is not the base of the designs beside it", named("base.csv"));
  results.base = std::move(base.designs.front());
  results.base->layers = in_the_order_of(results.shapes, base.shapes, results.base->layers);
  return results;
}

}  // namespace quatrain::sim
