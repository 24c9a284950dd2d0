#pragma once
/// A CSV file of layers: one line of headings, then one row per layer. Empty lines and lines that begin with
/// # are skipped; spaces around a field, and empty fields at the end of a line, do not count. Every complaint
/// names file, line and column.

#include "traces/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

struct CsvRow {
  std::string file;
  std::size_t line = 0;
  std::vector<std::string> fields = {};

  template <typename... Arguments>
  base::Error error(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    return base::Error("{}: line {}: {}", file, line,
                       fmt::format(text, std::forward<Arguments>(arguments)...));
  }
};

struct CsvTable {
  CsvRow headings;  ///< in lower case
  std::vector<CsvRow> rows;

  /// Index of a heading, or nothing.
  std::size_t column(std::string_view heading) const;
  static constexpr std::size_t none = SIZE_MAX;
};

/// Throws Error when there is no line of headings or no row. `name` stands for the file in messages.
CsvTable read_csv(std::string_view text, const std::string& name);

/// "12"; `heading` names the column. Throws Error when it is no whole number from `least` to 2^31 - 1.
std::int64_t size_at(const CsvRow& row, std::size_t column, std::string_view heading, std::int64_t least = 1);
/// Throws Error for a name that is empty or has a character that is not printable.
std::string layer_name_at(const CsvRow& row, std::size_t column);

}  // namespace quatrain::sim
