#pragma once
/// A report as it is read: headings, sentences, tables, charts. Numbers become text here once, so that the
/// terminal and the page cannot differ.

#include "sim/report/model.hpp"
#include "sim/report/timeline.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quatrain::sim::report {

enum class Tone : unsigned char { plain, good, bad, faint };

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
  Cell(std::string cell_text, Tone cell_tone = Tone::plain) : text(std::move(cell_text)), tone(cell_tone) {}
  Cell(const char* cell_text) : text(cell_text) {}
};

enum class Align : unsigned char { left, right };

struct Column {
  std::string title;
  Align align = Align::right;
};

/// A table with a row for each layer is a detail where it has more.
inline constexpr std::size_t most_rows = 48;

/// `is_detail`: folded on the page, left out on the terminal.
struct Table {
  std::string title;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  bool is_detail = false;
};

struct Series {
  std::string name;
  std::vector<double> y;
  std::vector<double> x;                          ///< lines: as long as y
  std::vector<std::pair<double, double>> bounds;  ///< ranges and marks: low and high beside each y
};

struct Chart {
  enum class Kind : unsigned char { lines, bars, ranges, marks, stacked };
  Kind kind = Kind::lines;
  std::string title, x_label, y_label;
  std::vector<std::string> labels;  ///< of all but lines
  std::vector<Series> series;
  std::optional<double> reference = {};  ///< marks: a line at this y
};

/// A place for a chart that the page's own script draws, with its controls above and its words below
/// (elements ID-controls and ID-below).
struct Panel {
  std::string id, title;
};

/// A grid of counts over rows and columns, on the page alone.
struct Map {
  std::string title, row_label, column_label;
  std::int64_t rows = 0, columns = 0;  ///< elements; the cells may hold several
  diagnosis::DifferenceMap cells;
};

struct Section {
  std::string title;
  std::vector<std::string> text;  ///< paragraphs
  std::vector<Chart> charts;
  std::vector<Table> tables;
  std::vector<std::string> commands = {};  ///< each as a shell takes it
  std::vector<Map> maps = {};
  std::vector<Panel> panels = {};
  std::vector<Timeline> timelines = {};  ///< above the charts; on the page alone
  std::vector<std::string> limits;       ///< what the figures above do not say
};

/// A figure at the head of the page.
struct KeyFigure {
  std::string label, value, detail;
  Tone tone = Tone::plain;
};

struct Page {
  std::string title, subtitle;
  std::vector<KeyFigure> figures;
  std::vector<Section> sections;
  std::string_view script = {};  ///< an embedded file that runs behind the page's; "" for none
  std::string data = {};         ///< JSON for that script
};

Page make_page(const Report& report);

}  // namespace quatrain::sim::report
