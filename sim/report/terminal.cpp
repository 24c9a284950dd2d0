#include "sim/report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::report {
namespace {

constexpr std::size_t line_width = 100;

/// Words of `text` on lines of at most line_width characters, the first behind `mark`, the others indented as
/// far.
std::string wrapped(const std::string& text, const std::string& mark) {
  std::string result, line = mark;
  bool is_empty = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!is_empty && line.size() + 1 + word.size() > line_width) {
      result += line + '\n';
      line = std::string(mark.size(), ' ');
      is_empty = true;
    }
    line += (is_empty ? "" : " ") + word;
    is_empty = false;
    begin = end + 1;
  }
  return result + line + '\n';
}

std::string render(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    std::size_t width = table.columns[column].title.size();
    for (const std::vector<Cell>& row : table.rows) width = std::max(width, row[column].text.size());
    widths.push_back(width);
  }
  const auto line = [&](auto&& text_of) {
    std::string text = " ";
    for (std::size_t column = 0; column < widths.size(); ++column)
      text += table.columns[column].align == Align::left
                  ? fmt::format(" {:<{}} ", text_of(column), widths[column])
                  : fmt::format(" {:>{}} ", text_of(column), widths[column]);
    while (text.ends_with(' ')) text.pop_back();
    return text + '\n';
  };
  std::string text = fmt::format("  {}\n", table.title);
  text += line([&](std::size_t column) { return table.columns[column].title; });
  for (const std::vector<Cell>& row : table.rows)
    text += line([&](std::size_t column) { return row[column].text; });
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
    text += fmt::format("  {:<{}}  {:<{}}  {}\n", figure.label, label_width, figure.value, value_width,
                        figure.detail);
  for (const Section& section : page.sections) {
    text += fmt::format("\n{}\n{}\n", section.title, std::string(section.title.size(), '-'));
    for (const std::string& paragraph : section.text) text += wrapped(paragraph, "");
    if (!section.text.empty()) text += '\n';
    for (const Table& table : section.tables)
      if (!table.is_detail) text += render(table);
    for (const std::string& limit : section.limits) text += wrapped(limit, "  limit: ");
  }
  return text;
}

}  // namespace quatrain::sim::report
