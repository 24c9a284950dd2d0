#pragma once
/// Several simulations side by side: one line each for people, and all figures as a CSV file.

#include "sim/sweep/result_rows.hpp"

#include <string>
#include <utility>
#include <vector>

namespace quatrain::sim {

class DesignTable {
 public:
  void add(RowLabel label, Simulation simulation) {
    simulation.records.clear();  // the totals are enough
    all_.emplace_back(std::move(label), std::move(simulation));
  }

  /// Design, workload, cycles, time, bytes, use, energy at the first technology, replay.
  std::string text() const;
  /// Rows of RowColumns, with every key that any of them sets and every technology.
  std::string csv() const;

 private:
  std::vector<std::pair<RowLabel, Simulation>> all_;
};

}  // namespace quatrain::sim
