#pragma once
/// Reads back what RowColumns writes: one line of headings, then rows with as many fields; fields in quotes
/// where they have to be.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

class CsvReader {
 public:
  /// `text` must outlive this; `file` stands for it in messages. Throws Error when there are no headings.
  CsvReader(std::string_view text, std::string file);

  const std::vector<std::string>& headings() const { return headings_; }
  bool has(const std::string& heading) const { return columns_.contains(heading); }
  /// Throws Error when there is no such column.
  std::size_t column(const std::string& heading) const;

  /// False behind the last row. Throws Error when a row has another number of fields.
  bool next();
  const std::string& at(std::size_t column) const { return fields_[column]; }
  /// Throws Error when it is no finite number of at least 0.
  double number_at(std::size_t column) const;

 private:
  void read_fields();

  std::string_view rest_;
  std::string file_;
  std::size_t line_ = 0;
  std::vector<std::string> headings_, fields_;
  std::map<std::string, std::size_t, std::less<>> columns_;
};

}  // namespace quatrain::sim
