#include "sim/sweep/results/csv_reader.hpp"

#include "traces/base/error.hpp"
#include "traces/base/names.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace quatrain::sim {

CsvReader::CsvReader(std::string_view text, std::string file) : rest_(text), file_(std::move(file)) {
  if (rest_.empty()) throw base::Error("{}: is empty; expected a line of headings", file_);
  read_fields();
  headings_ = fields_;
  for (std::size_t i = 0; i < headings_.size(); ++i) columns_[headings_[i]] = i;
}

std::size_t CsvReader::column(const std::string& heading) const {
  const auto found = columns_.find(heading);
  if (found == columns_.end())
    throw base::Error("{}: no column '{}'; expected a table of this version", file_, heading);
  return found->second;
}

bool CsvReader::next() {
  if (rest_.empty()) return false;
  read_fields();
  if (fields_.size() != headings_.size())
    throw base::Error("{}: line {}: {} fields; expected {}", file_, line_, fields_.size(), headings_.size());
  return true;
}

double CsvReader::number_at(std::size_t column) const {
  const std::string& text = fields_[column];
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
    throw base::Error("{}: line {}: {}: found '{}'; expected a number of at least 0", file_, line_,
                      headings_[column], base::printable(text));
  return value;
}

void CsvReader::read_fields() {
  std::size_t field = 0;
  const auto begin_field = [&] {
    if (field == fields_.size()) fields_.emplace_back();
    fields_[field].clear();
  };
  begin_field();
  ++line_;
  bool is_quoted = false;
  std::size_t i = 0;
  for (; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (is_quoted && c == '"' && i + 1 < rest_.size() && rest_[i + 1] == '"')
      fields_[field] += rest_[i++];
    else if (c == '"')
      is_quoted = !is_quoted;
    else if (c == ',' && !is_quoted)
      ++field, begin_field();
    else if (c == '\n' && !is_quoted)
      break;
    else
      fields_[field] += c;
  }
  fields_.resize(field + 1);
  rest_.remove_prefix(std::min(i + 1, rest_.size()));
}

}  // namespace quatrain::sim
