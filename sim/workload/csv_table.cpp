#include "sim/workload/csv_table.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace quatrain::sim {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r";
  const std::size_t first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t comma = std::min(line.find(',', begin), line.size());
    fields.emplace_back(trimmed(line.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  while (!fields.empty() && fields.back().empty()) fields.pop_back();
  return fields;
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? char(c + 32) : c; });
  return text;
}

}  // namespace

std::size_t CsvTable::column(std::string_view heading) const {
  const auto found = std::ranges::find(headings.fields, heading);
  return found == headings.fields.end() ? none : static_cast<std::size_t>(found - headings.fields.begin());
}

CsvTable read_csv(std::string_view text, const std::string& name) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  CsvTable table;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    ++number;
    if (line.empty() || line.front() == '#') continue;
    CsvRow row{name, number, fields_of(line)};
    if (row.fields.empty()) continue;
    if (table.headings.fields.empty()) {
      std::ranges::transform(row.fields, row.fields.begin(), lower_case);
      table.headings = std::move(row);
    } else {
      table.rows.push_back(std::move(row));
    }
  }
  if (table.rows.empty())
    throw base::Error("{}: found no row; expected a line of headings and one row per layer", name);
  return table;
}

std::int64_t size_at(const CsvRow& row, std::size_t column, std::string_view heading, std::int64_t least) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  const std::string text = column < row.fields.size() ? row.fields[column] : "";
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw row.error("{}: found '{}'; expected a whole number from {} to {}", heading, base::printable(text),
                    least, most);
  return value;
}

std::string layer_name_at(const CsvRow& row, std::size_t column) {
  const std::string name = column < row.fields.size() ? row.fields[column] : "";
  const bool is_plain =
      std::ranges::all_of(name, [](unsigned char c) { return c >= ' ' && c != '"' && c != 0x7F; });
  if (name.empty() || !is_plain)
    throw row.error("found '{}'; expected the name of a layer", base::printable(name));
  return name;
}

}  // namespace quatrain::sim
