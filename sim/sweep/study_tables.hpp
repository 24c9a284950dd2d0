#pragma once
/// What a study leaves for spreadsheets.

#include <string>

namespace quatrain::sim {

/// CSV files (result_rows.hpp); "" for none.
struct StudyTables {
  std::string designs;
  std::string layers = {};       ///< none where the study wants none
  std::string base = {};         ///< as `designs`, of the study's design as it is
  std::string base_layers = {};  ///< as `layers`
};

}  // namespace quatrain::sim
