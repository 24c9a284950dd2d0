#pragma once
/// A table of measurements against rivals, in processor time: other programs on the computer count little.
/// Each row has its bar: the least ratio, ours to the rival's speed.

#include "tests/bench/paired_timer.hpp"

#include <fmt/format.h>

#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::tests {

class Bars {
 public:
  /// unit: of `amount` work a second. rows: those whose names have a match.
  Bars(std::string subject, std::string rival, std::string unit, std::regex rows)
      : subject_(std::move(subject)),
        rival_(std::move(rival)),
        unit_(std::move(unit)),
        wanted_(std::move(rows)) {}

  /// Whether a row is to be measured: ask before its operands are made.
  bool wants(const std::string& what) const { return std::regex_search(what, wanted_); }

  /// Rounds for about `seconds`, at least 7 of them, one more before that is not counted. work: in the unit,
  /// of one call.
  void measure(const std::string& what, double work, double bar, const auto& ours, const auto& rival,
               double rival_work, double seconds = 0.4) {
    ours(), rival();
    PairedTimer timer(processor_seconds_of);
    const double start = now();
    do timer.round(ours, rival);
    while (now() - start < seconds || timer.rounds() < 7);
    const double ratio = timer.ratio() * work / rival_work;
    rows_.push_back({what, work / timer.ours(), rival_work / timer.rival(), ratio, bar});
  }

  void print() const {
    if (rows_.empty()) return;
    fmt::print("\n{}\n{:<44} {:>12} {:>12} {:>7} {:>6}\n", subject_, "", "ours", rival_, "ratio", "bar");
    for (const Row& row : rows_)
      fmt::print("{:<44} {:>12} {:>12} {:>7.2f} {:>6.2f} {}\n", row.what, of(row.ours), of(row.rival),
                 row.ratio, row.bar, row.ratio >= row.bar ? "met" : "MISSED");
    fmt::print("({})\n", unit_);
  }

 private:
  struct Row {
    std::string what;
    double ours, rival, ratio, bar;
  };
  static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  static std::string of(double speed) { return fmt::format("{:.1f}", speed * 1e-9); }

  std::string subject_, rival_, unit_;
  std::regex wanted_;
  std::vector<Row> rows_;
};

}  // namespace quatrain::tests
