#include "sim/report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace quatrain::sim::report {
namespace {

constexpr std::size_t line_width = 118;
constexpr std::size_t widest_cell = 44, narrowest_cell = 24;  // of text that may be wrapped

/// Words of `text` on lines of at most `width` characters. A longer word stands alone.
std::vector<std::string> lines_of(const std::string& text, std::size_t width) {
  std::vector<std::string> lines = {""};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return lines;
}

/// A paragraph; the first line behind `mark`, the others indented as far.
std::string wrapped(const std::string& text, const std::string& mark) {
  std::string result, before = mark;
  for (const std::string& line : lines_of(text, line_width - mark.size())) {
    result += before + line + '\n';
    before = std::string(mark.size(), ' ');
  }
  return result;
}

/// A table as lines of cells: each row of the table takes as many lines as its longest cell has.
class Grid {
 public:
  Grid(const Table& table, std::size_t cell_width) : table_(table), cell_width_(cell_width) {
    std::vector<std::string> titles;
    for (const Column& column : table.columns) titles.push_back(column.title);
    add_row(titles);
    for (const std::vector<Cell>& row : table.rows) {
      std::vector<std::string> texts;
      for (const Cell& cell : row) texts.push_back(cell.text);
      add_row(texts);
    }
  }

  bool fits() const {
    std::size_t width = 1;
    for (const std::size_t column : widths_) width += column + 2;
    return width <= line_width;
  }

  /// Columns that do not fit beside each other go into further blocks, behind the columns that name the row.
  std::string text() const {
    std::string text;
    for (std::size_t next = key_columns(); next < columns();) {
      std::vector<std::size_t> block(key_columns());
      std::iota(block.begin(), block.end(), std::size_t{0});
      std::size_t width = 1;
      for (const std::size_t column : block) width += widths_[column] + 2;
      do {
        width += widths_[next] + 2;
        block.push_back(next++);
      } while (next < columns() && width + widths_[next] + 2 <= line_width);
      text += lines_of_block(block) + '\n';
    }
    return text;
  }

 private:
  std::size_t columns() const { return table_.columns.size(); }

  /// The first columns of text: layer, phase and accelerator, for example.
  std::size_t key_columns() const {
    std::size_t count = 0;
    while (count < columns() && count < 3 && table_.columns[count].align == Align::left) ++count;
    return std::min(count, columns() - 1);
  }

  void add_row(const std::vector<std::string>& texts) {
    widths_.resize(columns());
    std::vector<std::vector<std::string>> cells;
    for (std::size_t column = 0; column < columns(); ++column) {
      const bool wraps = table_.columns[column].align == Align::left;
      cells.push_back(wraps ? lines_of(texts[column], cell_width_) : std::vector<std::string>{texts[column]});
      for (const std::string& line : cells.back()) widths_[column] = std::max(widths_[column], line.size());
    }
    rows_.push_back(std::move(cells));
  }

  std::string lines_of_block(const std::vector<std::size_t>& block) const {
    std::string text;
    for (const auto& cells : rows_) {
      std::size_t lines = 0;
      for (const std::size_t column : block) lines = std::max(lines, cells[column].size());
      for (std::size_t line = 0; line < lines; ++line) {
        text += ' ';
        for (const std::size_t column : block) {
          const std::string cell = line < cells[column].size() ? cells[column][line] : "";
          text += table_.columns[column].align == Align::left
                      ? fmt::format(" {:<{}} ", cell, widths_[column])
                      : fmt::format(" {:>{}} ", cell, widths_[column]);
        }
        while (text.ends_with(' ')) text.pop_back();
        text += '\n';
      }
    }
    return text;
  }

  const Table& table_;
  std::size_t cell_width_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::vector<std::string>>> rows_;  ///< [row][column][line]
};

std::string lines_of(const Table& table) {
  std::size_t cell_width = widest_cell;
  while (!Grid(table, cell_width).fits() && cell_width > narrowest_cell) cell_width -= 4;
  const Grid narrow(table, cell_width);
  return fmt::format("  {}\n{}", table.title,
                     narrow.fits() ? narrow.text() : Grid(table, widest_cell).text());
}

/// A command on lines that a shell joins again: a line that goes on ends with a backslash.
std::string shell_lines(const std::string& command) {
  std::vector<std::string> words = {""};
  bool is_quoted = false;
  for (const char c : command) {
    if (c == '\'') is_quoted = !is_quoted;
    if (c == ' ' && !is_quoted)
      words.emplace_back();
    else
      words.back() += c;
  }
  std::string text = "  ";
  std::size_t width = 2;
  for (const std::string& word : words) {
    if (width > 6 && width + 1 + word.size() + 2 > line_width) {
      text += " \\\n      ";
      width = 6;
    } else if (width > 2) {
      text += ' ';
      ++width;
    }
    text += word;
    width += word.size();
  }
  return text + '\n';
}

}  // namespace

std::string render_terminal(const Page& page) {
  std::string text = page.title + "\n" + wrapped(page.subtitle, "") + "\n";
  std::size_t label_width = 0, value_width = 0;
  for (const KeyFigure& figure : page.figures) {
    label_width = std::max(label_width, figure.label.size());
    value_width = std::max(value_width, figure.value.size());
  }
  for (const KeyFigure& figure : page.figures)
    text += wrapped(figure.detail,
                    fmt::format("  {:<{}}  {:<{}}  ", figure.label, label_width, figure.value, value_width));
  for (const Section& section : page.sections) {
    text += fmt::format("\n{}\n{}\n", section.title, std::string(section.title.size(), '-'));
    for (const std::string& paragraph : section.text) text += wrapped(paragraph, "");
    if (!section.text.empty()) text += '\n';
    for (const Table& table : section.tables)
      if (!table.is_detail) text += lines_of(table);
    for (const std::string& command : section.commands) text += shell_lines(command);
    if (!section.commands.empty()) text += '\n';
    for (const std::string& limit : section.limits) text += wrapped(limit, "  limit: ");
  }
  return text;
}

}  // namespace quatrain::sim::report
