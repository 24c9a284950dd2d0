#pragma once
/// A study: which designs of a base are simulated on which workloads, and what is looked for. Read from a
/// file (configs/schemas/study.schema.json, docs/guides/studies.md).

#include "sim/sweep/design_axes.hpp"
#include "sim/workload/workload.hpp"
#include "traces/base/strict_json.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

struct StudyWorkload {
  std::string argument;  ///< as for `quatrain sim`
  WorkloadOptions options;
  double weight = 1;
};

enum class Search : std::uint8_t { grid, random, narrowing };
inline constexpr std::array<std::string_view, 3> search_kind_words = {"grid", "random", "narrowing"};

enum class Objective : std::uint8_t { time, energy, energy_delay, area };
inline constexpr std::array<std::string_view, 4> objective_words = {"time", "energy", "energy_delay", "area"};

struct Study {
  std::string name, design;
  std::vector<StudyWorkload> workloads;
  std::vector<DesignAxis> axes;
  Search search = Search::grid;
  std::uint64_t designs = 0;  ///< random: how many; narrowing: of the first round
  std::uint64_t seed = 1;
  unsigned rounds = 1, keep = 1;  ///< narrowing
  Objective objective = Objective::energy_delay;
  std::optional<double> most_buffer_kib = {}, most_watts = {}, most_milliseconds = {}, most_area_mm2 = {};
  bool layers = true;  ///< whether there is a row per layer too
};

/// Throws Error with file and JSON pointer.
Study read_study(std::string_view text, const std::string& file);

}  // namespace quatrain::sim
