#include "emu/nn/table_rows.hpp"

#include "traces/base/files.hpp"

#include <algorithm>

namespace quatrain::emu {

std::vector<std::string> read_rows(const std::filesystem::path& file, std::string_view header) {
  const std::string text = base::read_whole_file(file);
  std::vector<std::string> rows;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    rows.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (rows.empty() || rows.front() != header)
    throw base::Error("{}: line 1: expected '{}'", file.string(), header);
  rows.erase(rows.begin());
  return rows;
}

std::string_view RowReader::word() {
  const std::size_t end = std::min(rest_.find(','), rest_.size());
  const std::string_view found = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  return found;
}

void RowReader::expect_end() const {
  if (!rest_.empty())
    throw base::Error("{}: line {}: '{}'; expected the end of the line", file_.string(), line_,
                      base::printable(rest_));
}

}  // namespace quatrain::emu
