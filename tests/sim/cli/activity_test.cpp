/// The activity in the CSV of quatrain sim, recounted from the text of docs/hardware-model.md ("Cycles",
/// "Activity") and nothing else of the hardware model: a reader's array of plain integers, edge by edge.
#include "tests/sim/cli/activity_cases.hpp"

namespace quatrain::tests {
namespace {

struct Lane {
  int code = 0;
  bool valid = false, first = false;
};
struct TilePlace {
  std::int64_t group, m, n, r, c;
  std::int64_t begin;  ///< the tile's cycle 0
};

/// One GEMM on an output-stationary array, by the text. Everything is zero at first.
class ReadersArray {
 public:
  ReadersArray(const GemmCase& gemm, std::int64_t rows, std::int64_t columns, std::string drain)
      : case_(gemm),
        size_(traces::gemm_size(gemm.gemm.phase, gemm.gemm.geometry)),
        stream_(size_.k * static_cast<std::int64_t>(gemm.right.size())),
        rows_(rows),
        columns_(columns),
        drain_(std::move(drain)),
        left_(cells()),
        right_(cells()),
        accumulators_(cells()),
        shadows_(cells()) {}

  Counts count() {
    std::int64_t end = 0;
    for (std::int64_t group = 0; group < size_.groups; ++group)
      for (std::int64_t n = 0; n < size_.n; n += columns_)
        for (std::int64_t m = 0; m < size_.m; m += rows_) {
          TilePlace tile{group, m, n, std::min(rows_, size_.m - m), std::min(columns_, size_.n - n), 0};
          if (!tiles_.empty()) tile.begin = begin_after(tiles_.back(), tile);
          tiles_.push_back(tile);
          end = std::max(end, tile.begin + stream_ + 2 * tile.r + tile.c - 2);
        }
    for (std::int64_t edge = 1; edge <= end; ++edge) step(edge);
    counts_["cycles"] = static_cast<std::uint64_t>(end);
    return counts_;
  }

 private:
  std::size_t cells() const { return static_cast<std::size_t>(rows_ * columns_); }
  std::size_t at(std::int64_t i, std::int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  std::int64_t begin_after(const TilePlace& tile, const TilePlace& next) const {
    if (drain_ == "serial") return tile.begin + stream_ + 2 * tile.r + tile.c - 2;
    const std::int64_t registers = drain_ == "skewed" ? stream_ + tile.r - 1 : std::max(stream_, tile.r);
    return tile.begin + std::max(registers, 2 * tile.r - next.r);
  }

  /// What enters row i (column j) in a cycle: operand `cycle - i` of some tile, if there is one.
  Lane left_edge(std::int64_t i, std::int64_t cycle) const {
    for (const TilePlace& tile : tiles_) {
      const std::int64_t at = cycle - i - tile.begin;
      if (i >= tile.r || at < 0 || at >= stream_) continue;
      const auto element = left_element(case_.gemm, tile.group, tile.m + i, at % size_.k);
      const int code = element ? traces::nibble_at(case_.left, static_cast<std::size_t>(*element)) : 0;
      return {code, true, at == 0};
    }
    return {};
  }
  Lane right_edge(std::int64_t j, std::int64_t cycle) const {
    for (const TilePlace& tile : tiles_) {
      const std::int64_t at = cycle - j - tile.begin;
      if (j >= tile.c || at < 0 || at >= stream_) continue;
      const std::int64_t element = right_element(case_.gemm, tile.group, tile.n + j, at % size_.k);
      const auto& sample = case_.right[static_cast<std::size_t>(at / size_.k)];
      return {traces::nibble_at(sample, static_cast<std::size_t>(element)), true, false};
    }
    return {};
  }

  void step(std::int64_t edge) {
    auto left = left_, right = right_;
    auto accumulators = accumulators_, shadows = shadows_;
    const bool has_shadows = drain_ == "shadow";
    for (std::int64_t i = 0; i < rows_; ++i)
      for (std::int64_t j = 0; j < columns_; ++j) {
        left[at(i, j)] = j == 0 ? left_edge(i, edge - 1) : left_[at(i, j - 1)];
        right[at(i, j)] = i == 0 ? right_edge(j, edge - 1) : right_[at(i - 1, j)];
        if (left[at(i, j)].valid && right[at(i, j)].valid)
          accumulators[at(i, j)] =
              (left[at(i, j)].first ? 0 : accumulators_[at(i, j)]) + product(left[at(i, j)], right[at(i, j)]);
        for (const TilePlace& tile : tiles_) {
          if (i >= tile.r || j >= tile.c) continue;
          const std::int64_t word = edge - tile.begin - (stream_ + tile.r + j);  // of the drain
          if (word >= 0 && word < i)
            (has_shadows ? shadows : accumulators)[at(i, j)] =
                (has_shadows ? shadows_ : accumulators_)[at(i - 1, j)];
          if (has_shadows && edge == tile.begin + stream_ + i + j) shadows[at(i, j)] = accumulators[at(i, j)];
        }
      }
    for (std::size_t pe = 0; pe < cells(); ++pe) {
      counts_["activity_left_toggles"] += changed_bits(left_[pe].code, left[pe].code);
      counts_["activity_right_toggles"] += changed_bits(right_[pe].code, right[pe].code);
      counts_["activity_accumulator_toggles"] +=
          changed_bits(accumulators_[pe], accumulators[pe]) + changed_bits(shadows_[pe], shadows[pe]);
    }
    left_ = left, right_ = right, accumulators_ = accumulators, shadows_ = shadows;
  }

  std::int32_t product(const Lane& left, const Lane& right) {
    const int a = traces::code_values(case_.left_encoding)[static_cast<std::size_t>(left.code)];
    const int b = traces::code_values(case_.right_encoding)[static_cast<std::size_t>(right.code)];
    ++counts_["activity_macs"];
    counts_["activity_zero_operand_macs"] += a == 0 || b == 0;
    return a * b;
  }

  const GemmCase& case_;
  traces::GemmSize size_;
  std::int64_t stream_, rows_, columns_;
  std::string drain_;
  std::vector<TilePlace> tiles_;
  std::vector<Lane> left_, right_;  ///< [row][column]
  std::vector<std::int32_t> accumulators_, shadows_;
  Counts counts_;
};

class Activity : public ActivityOfProgram {};

TEST_P(Activity, IsWhatTheTextSays) {
  const ActivityCase& c = GetParam();
  std::vector<GemmCase> steps;
  for (const unsigned seed : {11U, 12U})
    steps.push_back(random_case({c.mode.phase, c.layer}, c.mode.left, c.mode.right, c.samples, seed));
  for (const char* drain : {"serial", "skewed", "shadow"}) {
    SCOPED_TRACE(drain);
    std::vector<Counts> expected;
    for (const GemmCase& step : steps)
      expected.push_back(ReadersArray(step, c.rows, c.columns, drain).count());
    const std::string design = fmt::format(R"("dataflow": "output_stationary", "drain": "{}")", drain);
    for (const char* fidelity : {"pe", "array", "tile"})
      EXPECT_EQ(program(steps, design, fidelity), expected) << fidelity;
  }
}

INSTANTIATE_TEST_SUITE_P(TinyGemms, Activity, testing::ValuesIn(activity_cases()),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace quatrain::tests
