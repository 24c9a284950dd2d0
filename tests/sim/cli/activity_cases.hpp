#pragma once
/// Tiny GEMMs and the activity that `quatrain sim` counts for them, to hold against a reader's own array.
#include "tests/sim/verify/case_trace.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/natural_terms.hpp"
#include "tests/support/program.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace quatrain::tests {

using Counts = std::map<std::string, std::uint64_t>;  ///< by the CSV's names

inline std::uint64_t changed_bits(std::int32_t before, std::int32_t after) {
  return static_cast<std::uint64_t>(std::popcount(static_cast<std::uint32_t>(before ^ after)));
}

inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

struct ActivityCase {
  std::string name;
  std::int64_t rows, columns;
  Mode mode;
  unsigned samples;
  traces::Geometry layer;
  friend void PrintTo(const ActivityCase& c, std::ostream* out) { *out << c.name; }
};

inline traces::Geometry linear(std::int64_t batch, std::int64_t in, std::int64_t out) {
  traces::Geometry g;
  g.batch = batch, g.in_channels = in, g.out_channels = out;
  return g;
}
inline traces::Geometry convolution(std::int64_t groups) {
  traces::Geometry g;
  g.batch = 2, g.in_channels = 2 * groups, g.height = 5, g.width = 4, g.out_channels = 3 * groups;
  g.kernel_height = 3, g.kernel_width = 2, g.stride_height = 2, g.padding_height = g.padding_width = 1;
  g.groups = groups;
  return with_output(g);
}

inline std::vector<ActivityCase> activity_cases() {
  return {ActivityCase{"full_tile", 3, 2, int4_int4, 1, linear(3, 4, 2)},
          ActivityCase{"one_operand", 4, 4, uint4_int4, 1, linear(2, 1, 3)},
          ActivityCase{"ragged_rows_and_columns", 4, 3, int4_int4, 1, linear(9, 5, 7)},
          ActivityCase{"one_row", 1, 6, uint4_int4, 1, linear(3, 2, 8)},
          ActivityCase{"one_column", 5, 1, fp4_int4, 1, linear(7, 3, 4)},
          ActivityCase{"array_much_larger_than_the_gemm", 7, 9, int4_fp4, 1, linear(3, 2, 2)},
          ActivityCase{"short_stream_long_array", 2, 40, fp4_int4, 1, linear(5, 3, 2)},
          ActivityCase{"samples", 4, 3, uint4_fp4, 4, linear(3, 6, 5)},
          ActivityCase{"padded_windows", 4, 2, uint4_int4, 1, convolution(1)},
          ActivityCase{"zeros_between_strides", 4, 3, fp4_int4, 1, convolution(1)},
          ActivityCase{"groups_backward_weight", 5, 2, int4_fp4, 2, convolution(2)},
          ActivityCase{"narrow_last_tile_before_the_next_group", 1, 8, int4_int4, 1, [] {
                         traces::Geometry g = linear(1, 6, 18);
                         g.groups = 2;
                         return g;
                       }()}};
}

/// The records of random GEMMs, as the program counts them: name to value, one map per record.
class ActivityOfProgram : public testing::TestWithParam<ActivityCase> {
 protected:
  /// `design`: keys of "array" but for rows and columns.
  std::vector<Counts> program(const std::vector<GemmCase>& steps, const std::string& design,
                              const std::string& fidelity) {
    const ActivityCase& c = GetParam();
    const std::string name = fmt::format("design{}_{}", ++designs_, fidelity);
    std::ofstream(folder_ / (name + ".json"))
        << R"({"name": ")" << name << R"(", "array": {"rows": )" << c.rows << R"(, "columns": )" << c.columns
        << ", " << design << R"(}, "pe": "dual_int4_fp4",
               "accumulator": {"int": 32}, "lowering": "as_recorded", "random_source": "lfsr",
               "clock_mhz": 800, "buffers": {"operand_kib": 16, "accumulator_kib": 8},
               "dram": {"kind": "ddr3", "gib_per_s": 5}, "technology": ["7nm"]})";
    const auto trace = folder_ / ("trace_" + name), out = folder_ / ("out_" + name);
    write_gemm_trace(trace, steps);
    const ProgramRun run = run_program(
        QUATRAIN_PROGRAM,
        fmt::format("sim {} --trace {} --out {} --fidelity {}", (folder_ / (name + ".json")).string(),
                    trace.string(), out.string(), fidelity),
        folder_);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    std::istringstream csv(base::read_whole_file(out / (name + ".csv")));
    std::string line;
    std::getline(csv, line);
    const auto names = cells_of(line);
    std::vector<Counts> records;
    while (std::getline(csv, line)) {
      const auto cells = cells_of(line);
      Counts& record = records.emplace_back();
      for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == "cycles" || names[i].starts_with("activity_"))
          record[names[i]] = std::stoull(cells[i]);
    }
    return records;
  }

  Folder folder_;

 private:
  int designs_ = 0;
};

}  // namespace quatrain::tests
