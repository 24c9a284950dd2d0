/// The activity in the CSV of quatrain sim, recounted from the text of docs/hardware-model.md ("Cycles",
/// "Activity") and nothing else of the hardware model: a reader's array of plain integers, edge by edge.
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

namespace quatrain::tests {
namespace {

using Counts = std::map<std::string, std::uint64_t>;  ///< by the CSV's names

struct Lane {
  int code = 0;
  bool valid = false, first = false;
};
struct TilePlace {
  std::int64_t group, m, n, r, c;
};

/// One GEMM on an array, by the text. Everything is zero at first.
class ReadersArray {
 public:
  ReadersArray(const GemmCase& gemm, std::int64_t rows, std::int64_t columns)
      : case_(gemm),
        size_(traces::gemm_size(gemm.gemm.phase, gemm.gemm.geometry)),
        stream_(size_.k * static_cast<std::int64_t>(gemm.right.size())),
        rows_(rows),
        columns_(columns),
        left_(cells()),
        right_(cells()),
        accumulators_(cells()) {}

  Counts count() {
    for (std::int64_t group = 0; group < size_.groups; ++group)
      for (std::int64_t n = 0; n < size_.n; n += columns_)
        for (std::int64_t m = 0; m < size_.m; m += rows_)
          pass({group, m, n, std::min(rows_, size_.m - m), std::min(columns_, size_.n - n)});
    return counts_;
  }

 private:
  std::size_t cells() const { return static_cast<std::size_t>(rows_ * columns_); }
  std::size_t at(std::int64_t i, std::int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  void pass(const TilePlace& tile) {
    const std::int64_t edges = stream_ + 2 * tile.r + tile.c - 2;
    for (std::int64_t edge = 1; edge <= edges; ++edge) step(tile, edge);
    counts_["cycles"] += static_cast<std::uint64_t>(edges);
  }

  /// What enters row i (column j) in a cycle: operand `cycle - i`, if there is one.
  Lane left_edge(const TilePlace& tile, std::int64_t i, std::int64_t cycle) const {
    const std::int64_t at = cycle - i;
    if (i >= tile.r || at < 0 || at >= stream_) return {};
    const auto element = left_element(case_.gemm, tile.group, tile.m + i, at % size_.k);
    const int code = element ? traces::nibble_at(case_.left, static_cast<std::size_t>(*element)) : 0;
    return {code, true, at == 0};
  }
  Lane right_edge(const TilePlace& tile, std::int64_t j, std::int64_t cycle) const {
    const std::int64_t at = cycle - j;
    if (j >= tile.c || at < 0 || at >= stream_) return {};
    const std::int64_t element = right_element(case_.gemm, tile.group, tile.n + j, at % size_.k);
    const auto& sample = case_.right[static_cast<std::size_t>(at / size_.k)];
    return {traces::nibble_at(sample, static_cast<std::size_t>(element)), true, false};
  }

  void step(const TilePlace& tile, std::int64_t edge) {
    auto left = left_, right = right_;
    auto accumulators = accumulators_;
    for (std::int64_t i = 0; i < rows_; ++i)
      for (std::int64_t j = 0; j < columns_; ++j) {
        left[at(i, j)] = j == 0 ? left_edge(tile, i, edge - 1) : left_[at(i, j - 1)];
        right[at(i, j)] = i == 0 ? right_edge(tile, j, edge - 1) : right_[at(i - 1, j)];
        const std::int64_t word = edge - (stream_ + tile.r + j);  // of the drain
        const bool drains = i < tile.r && j < tile.c && word >= 0 && word < tile.r;
        if (drains)
          accumulators[at(i, j)] = accumulators_[at(std::max<std::int64_t>(i - 1, 0), j)];
        else if (left[at(i, j)].valid && right[at(i, j)].valid)
          accumulators[at(i, j)] =
              (left[at(i, j)].first ? 0 : accumulators_[at(i, j)]) + product(left[at(i, j)], right[at(i, j)]);
      }
    for (std::size_t pe = 0; pe < cells(); ++pe) {
      counts_["activity_left_toggles"] += changed(left_[pe].code, left[pe].code);
      counts_["activity_right_toggles"] += changed(right_[pe].code, right[pe].code);
      counts_["activity_accumulator_toggles"] += changed(accumulators_[pe], accumulators[pe]);
    }
    left_ = left, right_ = right, accumulators_ = accumulators;
  }

  std::int32_t product(const Lane& left, const Lane& right) {
    const int a = traces::code_values(case_.left_encoding)[static_cast<std::size_t>(left.code)];
    const int b = traces::code_values(case_.right_encoding)[static_cast<std::size_t>(right.code)];
    ++counts_["activity_macs"];
    counts_["activity_zero_operand_macs"] += a == 0 || b == 0;
    return a * b;
  }
  static std::uint64_t changed(std::int32_t before, std::int32_t after) {
    return static_cast<std::uint64_t>(std::popcount(static_cast<std::uint32_t>(before ^ after)));
  }

  const GemmCase& case_;
  traces::GemmSize size_;
  std::int64_t stream_, rows_, columns_;
  std::vector<Lane> left_, right_;  ///< [row][column]
  std::vector<std::int32_t> accumulators_;
  Counts counts_;
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

struct Case {
  std::string name;
  std::int64_t rows, columns;
  Mode mode;
  unsigned samples;
  traces::Geometry layer;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

traces::Geometry linear(std::int64_t batch, std::int64_t in, std::int64_t out) {
  traces::Geometry g;
  g.batch = batch, g.in_channels = in, g.out_channels = out;
  return g;
}
traces::Geometry convolution(std::int64_t groups) {
  traces::Geometry g;
  g.batch = 2, g.in_channels = 2 * groups, g.height = 5, g.width = 4, g.out_channels = 3 * groups;
  g.kernel_height = 3, g.kernel_width = 2, g.stride_height = 2, g.padding_height = g.padding_width = 1;
  g.groups = groups;
  return with_output(g);
}

class Activity : public testing::TestWithParam<Case> {
 protected:
  /// The records of two random GEMMs, as the program counts them: name to value, one map per record.
  std::vector<Counts> program(const std::vector<GemmCase>& steps, const std::string& fidelity) {
    const Case& c = GetParam();
    const std::string name = "array_" + fidelity;
    std::ofstream(folder_ / (name + ".json"))
        << R"({"name": ")" << name << R"(", "array": {"rows": )" << c.rows << R"(, "columns": )" << c.columns
        << R"(, "dataflow": "output_stationary", "drain": "serial"}, "pe": "dual_int4_fp4",
               "accumulator": {"int": 32}, "lowering": "as_recorded", "random_source": "lfsr",
               "clock_mhz": 800, "buffers": {"operand_kib": 16, "accumulator_kib": 8},
               "dram": {"kind": "ddr3", "gib_per_s": 5}, "technology": ["7nm"]})";
    const auto trace = folder_ / ("trace_" + fidelity), out = folder_ / ("out_" + fidelity);
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
};

TEST_P(Activity, IsWhatTheTextSays) {
  const Case& c = GetParam();
  std::vector<GemmCase> steps;
  for (const unsigned seed : {11U, 12U})
    steps.push_back(random_case({c.mode.phase, c.layer}, c.mode.left, c.mode.right, c.samples, seed));
  std::vector<Counts> expected;
  for (const GemmCase& step : steps) expected.push_back(ReadersArray(step, c.rows, c.columns).count());
  EXPECT_EQ(program(steps, "pe"), expected);
  EXPECT_EQ(program(steps, "array"), expected);
}

INSTANTIATE_TEST_SUITE_P(TinyGemms, Activity,
                         testing::Values(Case{"full_tile", 3, 2, int4_int4, 1, linear(3, 4, 2)},
                                         Case{"one_operand", 4, 4, uint4_int4, 1, linear(2, 1, 3)},
                                         Case{"ragged_rows_and_columns", 4, 3, int4_int4, 1, linear(9, 5, 7)},
                                         Case{"one_row", 1, 6, uint4_int4, 1, linear(3, 2, 8)},
                                         Case{"one_column", 5, 1, fp4_int4, 1, linear(7, 3, 4)},
                                         Case{"array_much_larger_than_the_gemm", 7, 9, int4_fp4, 1,
                                              linear(3, 2, 2)},
                                         Case{"short_stream_long_array", 2, 40, fp4_int4, 1, linear(5, 3, 2)},
                                         Case{"samples", 4, 3, uint4_fp4, 4, linear(3, 6, 5)},
                                         Case{"padded_windows", 4, 2, uint4_int4, 1, convolution(1)},
                                         Case{"zeros_between_strides", 4, 3, fp4_int4, 1, convolution(1)},
                                         Case{"groups_backward_weight", 5, 2, int4_fp4, 2, convolution(2)},
                                         Case{"narrow_last_tile_before_the_next_group", 1, 8, int4_int4, 1,
                                              [] {
                                                traces::Geometry g = linear(1, 6, 18);
                                                g.groups = 2;
                                                return g;
                                              }()}),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace quatrain::tests
