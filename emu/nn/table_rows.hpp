#pragma once
/// The rows of a run's CSV tables (metrics.csv, steps.csv, gradients.csv): read strictly, with file and line
/// in every error.

#include "traces/base/error.hpp"

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::emu {

/// The lines behind the header. Throws Error when the first line is not `header`.
std::vector<std::string> read_rows(const std::filesystem::path& file, std::string_view header);

/// Takes one row apart, from left to right.
class RowReader {
 public:
  /// `row` and `file` outlive the reader; `line` counts from 1.
  RowReader(std::string_view row, const std::filesystem::path& file, std::size_t line)
      : rest_(row), file_(file), line_(line) {}

  /// Up to the next comma or the end; may be empty.
  std::string_view word();
  /// Throws Error when something is left.
  void expect_end() const;
  /// Throws Error when the next word is no number of this kind.
  template <typename Number>
  Number number() {
    return number_of<Number>(word());
  }
  /// The same, but nothing for an empty word.
  template <typename Number>
  std::optional<Number> number_or_nothing() {
    const std::string_view text = word();
    if (text.empty()) return std::nullopt;
    return number_of<Number>(text);
  }

 private:
  template <typename Number>
  Number number_of(std::string_view text) const {
    Number value{};
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size())
      throw base::Error("{}: line {}: '{}'; expected a number", file_.string(), line_, base::printable(text));
    return value;
  }

  std::string_view rest_;
  const std::filesystem::path& file_;
  std::size_t line_;
};

}  // namespace quatrain::emu
