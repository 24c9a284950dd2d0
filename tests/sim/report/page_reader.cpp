#include "tests/sim/report/page_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace quatrain::tests {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string plain(std::string text) {
  for (const auto& [entity, character] :
       {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}})
    text = replaced(std::move(text), entity, character);
  return text;
}

/// What stands between each `begin` and the next `end`.
std::vector<std::string> between(const std::string& text, const std::string& begin, const std::string& end) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    const std::size_t stop = text.find(end, at);
    parts.push_back(text.substr(at, stop - at));
    at = stop;
  }
  return parts;
}

/// The contents of each element of this name, without its own tags.
std::vector<std::string> elements(const std::string& text, const std::string& name) {
  const std::string begin = "<" + name, end = "</" + name + ">";
  std::vector<std::string> parts;
  for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    if (text[at] != '>' && text[at] != ' ') continue;  // another element, whose name begins like this
    const std::size_t content = text.find('>', at) + 1;
    at = text.find(end, content);
    parts.push_back(text.substr(content, at - content));
  }
  return parts;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

ShownTable read_table(const std::string& html) {
  ShownTable table;
  for (const std::string& heading : elements(html, "th")) table.columns.push_back(plain(heading));
  for (const std::string& row : elements(elements(html, "tbody").at(0), "tr")) {
    std::vector<std::string>& cells = table.rows.emplace_back();
    for (const std::string& cell : elements(row, "td")) cells.push_back(plain(cell));
  }
  return table;
}

/// Places that are blank in all lines of a block, two beside each other, part its columns.
std::vector<std::vector<std::string>> cells_of(const std::vector<std::string>& lines) {
  std::size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, line.size());
  std::vector<bool> is_blank(width + 2, true);
  for (const std::string& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i)
      if (line[i] != ' ') is_blank[i] = false;
  std::vector<std::pair<std::size_t, std::size_t>> columns;  // begin, end
  for (std::size_t i = 0; i < width;) {
    while (i < width && is_blank[i]) ++i;
    const std::size_t begin = i;
    while (i < width && !(is_blank[i] && is_blank[i + 1])) ++i;
    if (begin < i) columns.emplace_back(begin, i);
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : lines) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const auto& [begin, end] : columns)
      row.push_back(begin < line.size() ? trimmed(line.substr(begin, end - begin)) : "");
  }
  return rows;
}

/// Lines that begin with a blank stand for the row above them.
void join_wrapped(std::vector<std::vector<std::string>>& rows) {
  for (std::size_t i = 1; i < rows.size();) {
    if (!rows[i].front().empty()) {
      ++i;
      continue;
    }
    for (std::size_t column = 0; column < rows[i].size(); ++column)
      if (!rows[i][column].empty()) {
        std::string& above = rows[i - 1][column];
        above += (above.empty() ? "" : " ") + rows[i][column];
      }
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::string attribute(const std::string& tag, const std::string& name) {
  return plain(between(" " + tag, " " + name + "=\"", "\"").at(0));
}

ShownTimeline read_timeline(const std::string& html) {
  ShownTimeline shown;
  shown.title = plain(elements(html, "figcaption").at(0));
  shown.note = plain(between(html, "<div class=\"note\">", "</div>").at(0));
  for (const std::string& key : between(html, "<i class=\"", "</span>"))
    shown.keys.emplace_back(key.substr(0, key.find('"')), plain(key.substr(key.find("</i>") + 4)));
  std::map<double, std::string> labels;  // by their height
  for (const std::string& text : between(html, "<text ", "</text>")) {
    const std::string content = plain(text.substr(text.find('>') + 1));
    if (text.find("data-lane=") != std::string::npos)
      shown.lanes.push_back({attribute(text, "data-lane"),
                             labels.at(std::stod(attribute(text, "y"))),
                             content,
                             std::stod(attribute(text, "y")) - 15,
                             {}});
    else if (text.find("class=") == std::string::npos)
      labels[std::stod(attribute(text, "y"))] = content;
    else if (content.find_first_not_of("0123456789.") == std::string::npos)
      shown.ticks.emplace_back(std::stod(attribute(text, "x")), std::stod(content));
  }
  for (const std::string& rect : between(html, "<rect ", "</rect>")) {
    const std::string title = plain(between(rect, "<title>", "</title>").at(0)),
                      look = attribute(rect, "class");
    if (look == "band") {
      shown.bands.emplace_back(title.substr(0, title.find(": ")), title.substr(title.find(": ") + 2));
      continue;
    }
    const std::string name = attribute(rect, "data-lane");
    const auto lane = std::ranges::find(shown.lanes, name, &ShownTimeline::Lane::name);
    if (lane == shown.lanes.end()) throw std::runtime_error("a bar of no lane: " + name);
    EXPECT_EQ(std::stod(attribute(rect, "y")), lane->y) << name;
    lane->bars.push_back({std::stod(attribute(rect, "x")), std::stod(attribute(rect, "width")),
                          std::stoull(attribute(rect, "data-begin")),
                          std::stoull(attribute(rect, "data-span")),
                          std::stoull(attribute(rect, "data-cycles")), look, title});
  }
  return shown;
}

}  // namespace

std::string ShownTable::at(const std::vector<std::string>& row, const std::string& column) const {
  const auto place = std::find(columns.rbegin(), columns.rend(), column);
  if (place == columns.rend()) {
    ADD_FAILURE() << "no column " << column;
    return "";
  }
  for (const std::vector<std::string>& cells : rows)
    if (std::equal(row.begin(), row.end(), cells.begin()))
      return cells.at(static_cast<std::size_t>(columns.rend() - place) - 1);
  ADD_FAILURE() << "no row of " << testing::PrintToString(row);
  return "";
}

const ShownTable& ShownPage::table(const std::string& title) const {
  static const ShownTable none;
  const auto found = tables.find(title);
  if (found != tables.end()) return found->second;
  ADD_FAILURE() << "no table " << title;
  return none;
}

const nlohmann::json& ShownPage::chart(const std::string& title) const {
  static const nlohmann::json none;
  const auto found = charts.find(title);
  if (found != charts.end()) return found->second;
  ADD_FAILURE() << "no chart " << title;
  return none;
}

ShownPage read_page(const std::string& html) {
  ShownPage page;
  for (const std::string& card : between(html, "<div class=\"card\">", "</div></div>")) {
    ShownCard& shown = page.cards.emplace_back();
    shown.label = plain(between(card, "<div class=\"label\">", "</div>").at(0));
    shown.value = plain(elements(card, "div").at(1));
    shown.detail = plain(between(card + "</div>", "<div class=\"detail\">", "</div>").at(0));
    shown.is_bad = card.find("value bad") != std::string::npos;
  }
  const std::string main = elements(html, "main").at(0);
  for (const std::string& part : between(main, "<figure class=\"table\">", "</figure>")) {
    const std::string caption = elements(part, "figcaption").at(0);
    page.tables[plain(trimmed(caption.substr(0, caption.find("<button"))))] = read_table(part);
  }
  for (const std::string& part : between(main, "<details class=\"table\">", "</details>")) {
    ShownTable& table = page.tables[plain(elements(part, "summary").at(0))] = read_table(part);
    table.is_folded = true;
  }
  for (const std::string& part : between(main, "<figure class=\"timeline\">", "</figure>"))
    page.timelines.push_back(read_timeline(part));
  for (const std::string& title : elements(main, "h2")) page.sections.push_back(plain(title));
  for (const std::string& text : elements(main, "p")) page.paragraphs.push_back(plain(text));
  for (const std::string& text : elements(main, "li")) page.limits.push_back(plain(text));
  for (const std::string& list : elements(main, "pre")) {
    std::istringstream lines(plain(list));
    for (std::string line; std::getline(lines, line);) page.commands.push_back(line);
  }
  const std::vector<std::string> data =
      between(html, "<script type=\"application/json\" id=\"chart-data\">", "</script>");
  if (data.empty()) return page;
  const auto charts = nlohmann::json::parse(data.at(0));
  const std::regex canvas("<canvas id=\"chart-([0-9]+)\" role=\"img\" aria-label=\"([^\"]*)\">");
  for (auto at = std::sregex_iterator(main.begin(), main.end(), canvas); at != std::sregex_iterator(); ++at)
    page.charts[plain((*at)[2])] = charts.at(std::stoul((*at)[1]));
  return page;
}

std::map<std::string, ShownTable> read_terminal_tables(const std::string& text) {
  std::map<std::string, ShownTable> tables;
  std::vector<std::vector<std::string>> blocks(1);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty())
      blocks.emplace_back();
    else
      blocks.back().push_back(line);
  }
  const auto is_table_line = [](const std::string& line) { return line.starts_with("  "); };
  ShownTable* table = nullptr;
  for (std::vector<std::string>& block : blocks) {
    if (block.empty() || !std::ranges::all_of(block, is_table_line)) {
      table = nullptr;
      continue;
    }
    const bool goes_on = table != nullptr && block.size() > 1 && block[0].find(table->columns[0]) == 2 &&
                         table->columns.size() > 1;
    if (!goes_on) {
      table = &tables[trimmed(block[0])];
      block.erase(block.begin());
      if (block.empty()) continue;
    }
    auto rows = cells_of(block);
    join_wrapped(rows);
    std::size_t keys = 0;
    while (goes_on && keys < rows[0].size() && rows[0][keys] == table->columns.at(keys)) ++keys;
    table->columns.insert(table->columns.end(), rows[0].begin() + static_cast<std::ptrdiff_t>(keys),
                          rows[0].end());
    if (!goes_on) table->rows.resize(rows.size() - 1);
    for (std::size_t i = 1; i < rows.size(); ++i)
      table->rows.at(i - 1).insert(table->rows.at(i - 1).end(),
                                   rows[i].begin() + static_cast<std::ptrdiff_t>(keys), rows[i].end());
  }
  return tables;
}

std::string on_one_line(const std::string& text) {
  return std::regex_replace(std::regex_replace(text, std::regex(R"( \\\n)"), " "), std::regex("\\s+"), " ");
}

bool shows(const std::string& shown, double expected) {
  std::string digits;
  for (const char c : shown)
    if (c == '%')
      break;
    else if (c != ',' && c != ' ')
      digits += c;
  std::size_t read = 0;
  double number = 0;
  try {
    number = std::stod(digits, &read);
  } catch (const std::exception&) {
    return false;
  }
  if (read != digits.size()) return false;
  const std::size_t point = digits.find('.');
  const int decimals = point == std::string::npos ? 0 : static_cast<int>(digits.size() - point - 1);
  if (shown.find('%') != std::string::npos) expected *= 100;
  return std::fabs(number - expected) <= 0.500001 * std::pow(10, -decimals) && (expected == 0 || number != 0);
}

}  // namespace quatrain::tests
