#include "sim/diagnosis/pattern.hpp"

#include "sim/records/compare.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

namespace quatrain::sim::diagnosis {
namespace {

constexpr std::int64_t most_cells = 32;

std::int64_t ceil_div(std::int64_t value, std::int64_t divisor) { return (value + divisor - 1) / divisor; }

/// Collects the indices of one axis.
class AxisCounter {
 public:
  explicit AxisCounter(std::int64_t size) : hit_(static_cast<std::size_t>(size)) {}
  void add(std::int64_t index) { hit_[static_cast<std::size_t>(index)] = 1; }

  AxisPattern pattern() const {
    AxisPattern axis;
    axis.size = static_cast<std::int64_t>(hit_.size());
    axis.first = std::find(hit_.begin(), hit_.end(), 1) - hit_.begin();
    for (std::int64_t i = 0; i < axis.size; ++i)
      if (hit_[static_cast<std::size_t>(i)] != 0) {
        ++axis.different;
        axis.last = i;
      }
    find_period(axis);
    return axis;
  }

 private:
  /// A period says something only if the differences come back: in two places of one residue.
  void find_period(AxisPattern& axis) const {
    for (std::int64_t period = 2; period <= 256 && 2 * period <= axis.size; period *= 2) {
      std::set<std::int64_t> residues;
      for (std::int64_t i = axis.first; i <= axis.last; ++i)
        if (hit_[static_cast<std::size_t>(i)] != 0) residues.insert(i % period);
      const auto found = static_cast<std::int64_t>(residues.size());
      const auto best = static_cast<std::int64_t>(axis.residues.size());
      const bool is_sharper = axis.period == 0 ? 2 * found <= period : found * axis.period < best * period;
      if (!is_sharper || axis.different < 2 * found) continue;
      axis.period = period;
      axis.residues = std::vector<std::int64_t>(residues.begin(), residues.end());
    }
  }

  std::vector<std::uint8_t> hit_;  ///< 1 for an index with a difference
};

class MapCounter {
 public:
  MapCounter(std::int64_t rows, std::int64_t columns) {
    map_.rows_a_cell = std::max<std::int64_t>(ceil_div(rows, most_cells), 1);
    map_.columns_a_cell = std::max<std::int64_t>(ceil_div(columns, most_cells), 1);
    map_.rows = ceil_div(rows, map_.rows_a_cell);
    map_.columns = ceil_div(columns, map_.columns_a_cell);
    map_.counts.resize(static_cast<std::size_t>(map_.rows * map_.columns));
  }
  void add(std::int64_t row, std::int64_t column) {
    ++map_.counts[static_cast<std::size_t>(row / map_.rows_a_cell * map_.columns +
                                           column / map_.columns_a_cell)];
  }
  const DifferenceMap& map() const { return map_; }

 private:
  DifferenceMap map_;
};

/// Factors that still hold for every difference so far.
class Factors {
 public:
  template <typename Value>
  void add(Value expected, Value got) {
    const auto e = static_cast<double>(expected), g = static_cast<double>(got);
    holds_[0] = holds_[0] && g == 2 * e;
    holds_[1] = holds_[1] && 2 * g == e;
    holds_[2] = holds_[2] && g == -e;
    holds_[3] = holds_[3] && g == 0;
  }
  std::string text() const {
    constexpr const char* words[] = {"2", "1/2", "-1", "0"};
    for (std::size_t i = 0; i < holds_.size(); ++i)
      if (holds_[i]) return words[i];
    return "";
  }

 private:
  std::array<bool, 4> holds_ = {true, true, true, true};
};

/// Signs, sizes and factors of the differences; `Size` is what a difference is measured in.
template <typename Size>
class Sizes {
 public:
  template <typename Value>
  void add(Value expected, Value got, Size difference, Pattern& pattern) {
    factors_.add(expected, got);
    pattern.too_large += difference > 0;
    pattern.too_small += difference < 0;
    const Size size = difference < 0 ? -difference : difference;
    smallest_ = pattern.different == 1 ? size : std::min(smallest_, size);
    largest_ = pattern.different == 1 ? size : std::max(largest_, size);
  }
  void finish(Pattern& pattern) const {
    pattern.smallest = fmt::format("{}", smallest_);
    pattern.largest = fmt::format("{}", largest_);
    pattern.factor = factors_.text();
  }

 private:
  Factors factors_;
  Size smallest_ = 0, largest_ = 0;
};

double difference(float expected, float got) {
  return static_cast<double>(got) - static_cast<double>(expected);
}
std::int64_t difference(std::int32_t expected, std::int32_t got) { return std::int64_t{got} - expected; }

template <typename Value>
std::optional<Pattern> pattern_of_result(const char* of, const traces::Gemm& gemm,
                                         std::span<const Value> expected, std::span<const Value> got) {
  const traces::GemmSize size = traces::gemm_size(gemm.phase, gemm.geometry);
  Pattern pattern;
  pattern.of = of;
  pattern.elements = expected.size();
  AxisCounter groups(size.groups), rows(size.m), columns(size.n);
  MapCounter map(size.m * size.groups, size.n);
  Sizes<decltype(difference(Value{}, Value{}))> sizes;
  std::uint64_t all_bits = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (bits_of(expected[i]) == bits_of(got[i])) continue;
    ++pattern.different;
    const ResultPlace place = place_of_result(gemm, static_cast<std::int64_t>(i));
    groups.add(place.group);
    rows.add(place.row);
    columns.add(place.column);
    map.add(place.group * size.m + place.row, place.column);
    const auto off = difference(expected[i], got[i]);
    sizes.add(expected[i], got[i], off, pattern);
    if constexpr (std::is_integral_v<Value>) all_bits |= static_cast<std::uint64_t>(off);
  }
  if (pattern.different == 0) return std::nullopt;
  pattern.groups = groups.pattern();
  pattern.rows = rows.pattern();
  pattern.columns = columns.pattern();
  pattern.map = map.map();
  sizes.finish(pattern);
  if (all_bits != 0) pattern.multiple_of_two_to = static_cast<unsigned>(std::countr_zero(all_bits));
  return pattern;
}

/// Place of a code's value among all values of its encoding, so that neighbours are one step apart.
std::array<int, 16> steps_of(traces::Encoding encoding) {
  const traces::CodeValues& values = traces::code_values(encoding);
  const std::set<int> sorted(values.begin(), values.end());
  std::array<int, 16> steps = {};
  for (std::size_t code = 0; code < 16; ++code)
    steps[code] = static_cast<int>(std::distance(sorted.begin(), sorted.find(values[code])));
  return steps;
}

std::string axis_text(const char* word, const AxisPattern& axis) {
  if (axis.size == 1) return "";
  if (axis.different == axis.size) return fmt::format("all {} {}s", axis.size, word);
  if (axis.different == 1) return fmt::format("{} {}", word, axis.first);
  return fmt::format("{} {}s from {} to {} of {}", axis.different, word, axis.first, axis.last, axis.size);
}

std::string period_text(const char* word, const AxisPattern& axis) {
  if (axis.period == 0) return "";
  constexpr std::size_t most = 8;
  if (axis.residues.size() > most)
    return fmt::format("{} % {} takes {} of its values", word, axis.period, axis.residues.size());
  return fmt::format("{} % {} is {}", word, axis.period, base::joined(axis.residues));
}

void add_part(std::string& text, const std::string& part) {
  if (part.empty()) return;
  if (!text.empty()) text += "; ";
  text += part;
}

std::string size_text(const Pattern& pattern) {
  std::string text;
  if (pattern.too_small == 0 && pattern.too_large > 0)
    text = "all too large";
  else if (pattern.too_large == 0 && pattern.too_small > 0)
    text = "all too small";
  else
    text = fmt::format("{} too large, {} too small", pattern.too_large, pattern.too_small);
  text += pattern.smallest == pattern.largest
              ? fmt::format(", all by {}", pattern.smallest)
              : fmt::format(", by {} to {}", pattern.smallest, pattern.largest);
  if (pattern.of == "codes") text += pattern.largest == "1" ? " step" : " steps";
  if (pattern.multiple_of_two_to >= 3)
    text += fmt::format(", all multiples of 2^{}", pattern.multiple_of_two_to);
  if (pattern.factor == "0")
    text += "; every one is 0";
  else if (!pattern.factor.empty())
    text += fmt::format("; every one is {} times what it should be", pattern.factor);
  return text;
}

}  // namespace

std::optional<Pattern> pattern_of(const traces::Gemm& gemm, std::span<const std::int32_t> expected,
                                  std::span<const std::int32_t> got) {
  return pattern_of_result("accumulators", gemm, expected, got);
}

std::optional<Pattern> pattern_of(const traces::Gemm& gemm, std::span<const float> expected,
                                  std::span<const float> got) {
  return pattern_of_result("outputs", gemm, expected, got);
}

std::optional<Pattern> pattern_of_codes(traces::Encoding encoding, std::span<const std::uint8_t> expected,
                                        std::span<const std::uint8_t> got) {
  Pattern pattern;
  pattern.of = "codes";
  pattern.elements = expected.size();
  const auto elements = static_cast<std::int64_t>(expected.size());
  AxisCounter index(elements);
  const std::int64_t width = std::max<std::int64_t>(ceil_div(elements, most_cells), 1);  // a line of the map
  MapCounter map(ceil_div(elements, width), width);
  Sizes<int> sizes;
  const traces::CodeValues& values = traces::code_values(encoding);
  const std::array<int, 16> steps = steps_of(encoding);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == got[i]) continue;
    ++pattern.different;
    const auto at = static_cast<std::int64_t>(i);
    index.add(at);
    map.add(at / width, at % width);
    sizes.add(static_cast<int>(values[expected[i]]), static_cast<int>(values[got[i]]),
              steps[got[i]] - steps[expected[i]], pattern);
  }
  if (pattern.different == 0) return std::nullopt;
  pattern.columns = index.pattern();
  pattern.map = map.map();
  sizes.finish(pattern);
  return pattern;
}

std::vector<std::string> describe(const Pattern& pattern) {
  const bool is_codes = pattern.of == "codes";
  std::string where;
  if (!is_codes) {
    add_part(where, axis_text("group", pattern.groups));
    add_part(where, axis_text("row", pattern.rows));
  }
  add_part(where, axis_text(is_codes ? "element" : "column", pattern.columns));
  std::vector<std::string> sentences{
      fmt::format("{} of {} {} differ", pattern.different, pattern.elements, pattern.of)};
  if (!where.empty()) sentences.front() += ": " + where;
  std::string periods;
  if (!is_codes) add_part(periods, period_text("row", pattern.rows));
  add_part(periods, period_text(is_codes ? "element" : "column", pattern.columns));
  if (!periods.empty()) sentences.push_back("every one where " + periods);
  sentences.push_back(size_text(pattern));
  if (pattern.k_tile != 0)
    sentences.push_back(fmt::format("only GEMMs differ whose k is no multiple of {}", pattern.k_tile));
  return sentences;
}

}  // namespace quatrain::sim::diagnosis
