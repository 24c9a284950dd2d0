#pragma once
/// What a sweep has done so far: one line of JSON per design, added as it ends. A process that is killed
/// leaves at most the beginning of a line, which is cut off when the journal is opened again.

#include "sim/sweep/ranking.hpp"
#include "traces/base/files.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quatrain::sim {

/// One design of a study.
struct DesignResult {
  std::vector<std::string> rows = {}, layer_rows = {};  ///< of CSV files
  bool is_refused = false;
  DesignSums sums = {};  ///< of one that is not refused
};

class Journal {
 public:
  /// Opens or begins it and holds it against other processes. Throws Error when it is of other inputs
  /// (`identity`), or is there while `resumes` is false.
  Journal(std::filesystem::path file, const std::string& identity, bool resumes);

  /// A line for a design, without its end.
  static std::string line_of(std::uint64_t point, const DesignResult& result);
  void add(const std::string& line);
  /// What a line says. Throws Error at `place`.
  static std::pair<std::uint64_t, DesignResult> result_of(std::string_view line, const std::string& place);

  /// Of a journal that nobody has to hold. A last line without its end is left out.
  static std::map<std::uint64_t, DesignResult> read(const std::filesystem::path& file,
                                                    const std::string& identity);

 private:
  std::filesystem::path file_;
  base::Lock lock_;
};

}  // namespace quatrain::sim
