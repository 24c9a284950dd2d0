#pragma once
/// results.json: what a study found, for programs (configs/schemas/study_results.schema.json), and what a
/// report needs beside the tables to show it again.

#include "sim/sweep/results/study_results.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace quatrain::sim {

inline constexpr std::string_view study_results_format = "quatrain-study-results";
inline constexpr std::string_view results_json_name = "results.json", study_html_name = "study.html",
                                  designs_csv_name = "designs.csv", layers_csv_name = "layers.csv",
                                  base_csv_name = "base.csv", base_layers_csv_name = "base_layers.csv";

/// Where a study came from: what its commands name.
struct StudyOrigin {
  std::string text;                 ///< of the study's file
  std::string file, design;         ///< as named; a design inside the program has its name alone
  std::filesystem::path directory;  ///< from which relative paths count
  std::string config;               ///< of the base, as its file has it
};

std::string study_json(const StudyResults& results, const StudyOrigin& origin);

/// Of a folder that a sweep has written. Throws Error with file and JSON pointer.
StudyOrigin read_origin(const std::filesystem::path& folder);
/// Its tables, with the weights, objective and constraints of the study.
StudyResults read_results_in(const std::filesystem::path& folder, const StudyOrigin& origin);

}  // namespace quatrain::sim
