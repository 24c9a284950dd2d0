#pragma once
/// A report as a reader sees it: the tables, cards, charts and commands of report.html, and the tables of the
/// terminal, read back from their text by code that shares nothing with the renderer.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace quatrain::tests {

/// Cells by row and column, as text.
struct ShownTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  bool is_folded = false;  ///< on the page only

  /// The cell of the first row that begins with these texts, under this heading (the last of that name).
  /// Fails the test when there is none.
  std::string at(const std::vector<std::string>& row, const std::string& column) const;
  friend bool operator==(const ShownTable& a, const ShownTable& b) {
    return a.columns == b.columns && a.rows == b.rows;
  }
};

struct ShownCard {
  std::string label, value, detail;
  bool is_bad = false;
};

/// A picture of lanes of bars over time; times in cycles.
struct ShownTimeline {
  struct Bar {
    double x = 0, width = 0;
    std::uint64_t begin = 0, span = 0, cycles = 0;
    std::string look, title;
  };
  struct Lane {
    std::string name, label, sum;
    double y = 0;  ///< of its bars, by its label
    std::vector<Bar> bars;
  };
  std::string title, note;
  std::vector<Lane> lanes;                                 ///< from the top downwards
  std::vector<std::pair<std::string, std::string>> keys;   ///< colour and text
  std::vector<std::pair<std::string, std::string>> bands;  ///< name and what it says of its length
  std::vector<std::pair<double, double>> ticks;            ///< x and milliseconds
};

struct ShownPage {
  std::vector<ShownTimeline> timelines;
  std::map<std::string, ShownTable> tables;  ///< by title
  std::vector<ShownCard> cards;
  std::map<std::string, nlohmann::json> charts;  ///< by title: what the page hands to Chart.js
  std::vector<std::string> sections, paragraphs, limits, commands;

  const ShownTable& table(const std::string& title) const;
  const nlohmann::json& chart(const std::string& title) const;
};

ShownPage read_page(const std::string& html);

/// Tables by title; blocks of one table that stand below each other are joined, wrapped cells too.
std::map<std::string, ShownTable> read_terminal_tables(const std::string& text);

/// Text with every stretch of blanks and line ends, and a shell's line continuation, as one blank.
std::string on_one_line(const std::string& text);

/// True when `shown` ("1,234", "12.3 %" of 0.123, "0.0120") is `expected` rounded to the digits that it has;
/// what is not zero must not be shown as zero.
bool shows(const std::string& shown, double expected);

}  // namespace quatrain::tests
