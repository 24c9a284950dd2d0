#pragma once
/// What a study found, as it is read: its tables again, summed up, ranked and with their fronts. Everything
/// that the page, results.json and the terminal say of a study is here.

#include "sim/accelerator/technology.hpp"
#include "sim/sweep/ranking.hpp"
#include "sim/sweep/study_tables.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {

/// As the first columns of a row name it.
struct StudiedWorkload {
  std::string name, file, phases, batch;
  std::string values = {};  ///< "none", "trace" or "seed=7"
  double weight = 1;

  bool is_same_as(const StudiedWorkload& other) const;
};

/// A layer and phase of a workload, whatever the design. Rows of one size are one.
struct LayerShape {
  std::string layer, phase, size;  ///< "128 x 768 x 768", groups before it where there are several
  double macs = 0;
  bool is_same_as(const LayerShape& other) const {
    return layer == other.layer && phase == other.phase && size == other.size;
  }
};

/// What a design takes for it.
struct LayerFigures {
  double milliseconds = 0;      ///< with stalls, or the longer of the times of cycles and bytes
  double moved_bytes = 0;       ///< from and to DRAM by the products
  double compulsory_bytes = 0;  ///< of them, those that no buffer can save
  double quantizer_bytes = 0;   ///< beside them
  double energy_pj = 0;         ///< nominal

  double intensity(double macs) const { return macs / (moved_bytes + quantizer_bytes); }  ///< MACs per byte
};

struct StudiedDesign {
  std::string name = {};
  std::vector<std::string> values = {};  ///< of the study's keys, as --set takes them; "" for none
  std::string refused = {};              ///< why it could not be simulated; "" when it was
  std::string config = {};               ///< complete, as JSON; "" where `base_config` and the values say it
  std::string technology = {};           ///< whose energies and area are told
  DesignSums sums = {};                  ///< over the workloads with their weights, nominal
  Bounds energy_pj = {};
  std::vector<double> component_pj = {};  ///< nominal, in the order of component_words
  double peak_gmacs_per_s = 0, gib_per_s = 0;
  bool has_stalls = false;
  bool keeps_constraints = false;
  std::vector<std::vector<LayerFigures>> layers =
      {};  ///< by workload and shape; none where there is no table
};

struct StudyResults {
  Study study = {};  ///< of a folder of simulations: a name, the default objective, no axis
  std::vector<std::string> keys = {};
  std::vector<StudiedWorkload> workloads = {};
  std::vector<std::vector<LayerShape>> shapes = {};  ///< by workload; none where there is no table of layers
  std::vector<StudiedDesign> designs = {};           ///< in the order of the table
  std::optional<StudiedDesign> base = {};
  std::string base_config = {};  ///< as its file has it; "" for a folder of simulations

  double value(Objective objective, std::size_t design) const {
    return value_of(objective, designs[design].sums);
  }
  /// Designs that were simulated: those that keep the constraints, the best first, then the others.
  std::vector<std::size_t> ranked() const;
  /// The best; nothing when none keeps the constraints.
  std::optional<std::size_t> best() const;
  /// Of the designs that keep the constraints those that no other of them beats in one and equals in the
  /// other, by rising `x`.
  std::vector<std::size_t> front(Objective x, Objective y) const;
  /// How many times the base's objective the design's is: 0.5 is half of it. Nothing without a base.
  std::optional<double> times_base(std::size_t design) const;
  /// Keys in which simulated designs differ.
  std::vector<std::size_t> differing_keys() const;
};

/// All but `designs` may be none. Throws Error that names the file when a table is not what it should be, or
/// tables do not belong together.
StudyResults read_results(const Study& study, const std::string& folder, const StudyTables& tables);

}  // namespace quatrain::sim
