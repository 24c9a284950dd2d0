#pragma once
/// The values on the array's boundary signals: one struct per side, since many scalar signals would cost more
/// than the array behind them. Assignment and comparison touch only the lanes in use.

#include "rtl_models/pe/control.hpp"
#include "rtl_models/pe/link.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>
#include <string>

namespace sc_core {
class sc_trace_file;
}

namespace quatrain::rtl_models {

/// One word per lane (row or column) of the array.
template <typename Word>
struct Lanes {
  std::uint32_t count = 0;
  std::array<Word, largest_side> words{};  ///< the array reads a signal before anybody has written it

  explicit Lanes(std::uint32_t lanes = 0) : count(lanes) {}
  Lanes(const Lanes& other) : count(other.count) { copy(other); }
  Lanes& operator=(const Lanes& other) {
    count = other.count;
    copy(other);
    return *this;
  }
  void clear() { std::fill_n(words.begin(), count, Word{}); }
  friend bool operator==(const Lanes& a, const Lanes& b) {
    return a.count == b.count && std::equal(a.words.begin(), a.words.begin() + a.count, b.words.begin());
  }

 private:
  void copy(const Lanes& other) { std::copy_n(other.words.begin(), count, words.begin()); }
};

using EdgeWord = Lanes<Link>;
using WideEdgeWord = Lanes<WideLink>;  ///< of floating-point operands

/// What a column shows at its tap: an accumulator while the column drains, else nothing.
struct ExitWord {
  std::int32_t accumulator = 0;
  bool draining = false;
  friend bool operator==(const ExitWord&, const ExitWord&) = default;
};
using ExitWords = Lanes<ExitWord>;

/// Sums that come back from the accumulator buffer, a column's in each lane.
using SumWords = Lanes<std::int32_t>;

// A signal's type needs these two (waveforms are not written).
template <typename Word>
std::ostream& operator<<(std::ostream& out, const Lanes<Word>& lanes) {
  return out << lanes.count << " lanes";
}
template <typename Word>
void sc_trace(sc_core::sc_trace_file*, const Lanes<Word>&, const std::string&) {}

}  // namespace quatrain::rtl_models
