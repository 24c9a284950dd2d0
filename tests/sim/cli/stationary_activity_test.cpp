/// The activity of weight- and input-stationary arrays in the CSV of quatrain sim, recounted from the text of
/// docs/hardware-model.md ("Weight and input stationary", "Activity") and nothing else of the hardware model:
/// a reader's array of plain integers, edge by edge.
#include "tests/sim/cli/activity_cases.hpp"

#include <algorithm>
#include <optional>

namespace quatrain::tests {
namespace {

using Int = std::int64_t;

/// One fold: rows k .. k + kr - 1 of one sample, columns first .. first + c - 1 of n (or of m).
struct Fold {
  Int group, first, c, k, kr, sample;
  Int preload, stream;  ///< the cycles in which its first words stand on PE(0,0)
};

/// One GEMM, by the text. Everything is zero at first.
class ReadersStationaryArray {
 public:
  ReadersStationaryArray(const GemmCase& gemm, Int rows, Int columns, bool holds_left, bool is_hidden)
      : case_(gemm),
        size_(traces::gemm_size(gemm.gemm.phase, gemm.gemm.geometry)),
        rows_(rows),
        columns_(columns),
        holds_left_(holds_left),
        is_hidden_(is_hidden),
        samples_(static_cast<Int>(gemm.right.size())),
        length_(holds_left ? samples_ * size_.n : size_.m),
        moving_(cells()),
        chain_(cells()),
        held_(cells()),
        sums_(cells()) {}

  Counts count() {
    const Int width = holds_left_ ? size_.m : size_.n;
    Int end = 0;
    for (Int group = 0; group < size_.groups; ++group)
      for (Int first = 0; first < width; first += columns_)
        for (Int k = 0; k < size_.k; k += rows_)
          for (Int sample = 0; sample < (holds_left_ ? 1 : samples_); ++sample) {
            Fold fold{
                group, first, std::min(columns_, width - first), k, std::min(rows_, size_.k - k), sample,
                0,     0};
            if (is_hidden_ && !folds_.empty()) {
              const Fold& before = folds_.back();
              fold.preload = before.stream;
              fold.stream = before.stream + std::max({length_, fold.kr, length_ + before.kr - fold.kr});
            } else {
              fold.preload = end;
              fold.stream = fold.preload + fold.kr;
            }
            folds_.push_back(fold);
            end = std::max(end, fold.stream + length_ + fold.kr + fold.c - 2);
          }
    for (Int edge = 1; edge <= end; ++edge) step(edge);
    counts_["cycles"] = static_cast<std::uint64_t>(end);
    return counts_;
  }

 private:
  std::size_t cells() const { return static_cast<std::size_t>(rows_ * columns_); }
  std::size_t at(Int i, Int j) const { return static_cast<std::size_t>(i * columns_ + j); }

  int left_code(Int group, Int m, Int k) const {
    const auto element = left_element(case_.gemm, group, m, k);
    return element ? traces::nibble_at(case_.left, static_cast<std::size_t>(*element)) : 0;
  }
  int right_code(Int group, Int sample, Int n, Int k) const {
    return traces::nibble_at(case_.right[static_cast<std::size_t>(sample)],
                             static_cast<std::size_t>(right_element(case_.gemm, group, n, k)));
  }
  /// What row i of column j of a fold holds.
  int held_code(const Fold& fold, Int i, Int j) const {
    return holds_left_ ? left_code(fold.group, fold.first + j, fold.k + i)
                       : right_code(fold.group, fold.sample, fold.first + j, fold.k + i);
  }
  /// Operand number `number` of the stream in row i.
  int moving_code(const Fold& fold, Int i, Int number) const {
    return holds_left_ ? right_code(fold.group, number / size_.n, number % size_.n, fold.k + i)
                       : left_code(fold.group, number, fold.k + i);
  }

  void step(Int edge) {
    auto moving = moving_, chain = chain_, held = held_;
    auto sums = sums_;
    for (Int i = 0; i < rows_; ++i)
      for (Int j = 0; j < columns_; ++j) {
        moving[at(i, j)] = j > 0 ? moving_[at(i, j - 1)] : 0;
        for (const Fold& fold : folds_) {
          if (i >= fold.kr) continue;
          const Int entering = edge - 1 - i - fold.stream;
          if (j == 0 && entering >= 0 && entering < length_)
            moving[at(i, j)] = moving_code(fold, i, entering);
          const Int word = edge - (fold.preload + i + j + 1);
          if (word >= 0 && edge <= fold.preload + fold.kr + j)
            chain[at(i, j)] = j < fold.c ? held_code(fold, fold.kr - 1 - word, j) : 0;
          if (is_hidden_ && edge == fold.stream + i + j + 1) held[at(i, j)] = chain_[at(i, j)];
          const Int number = edge - (fold.stream + i + j + 1);
          if (j < fold.c && number >= 0 && number < length_)
            sums[at(i, j)] = (i > 0 ? sums_[at(i - 1, j)] : 0) +
                             product(moving_code(fold, i, number), held_code(fold, i, j));
        }
      }
    for (std::size_t pe = 0; pe < cells(); ++pe) {
      const std::uint64_t of_held = changed_bits(chain_[pe], chain[pe]) + changed_bits(held_[pe], held[pe]),
                          of_moving = changed_bits(moving_[pe], moving[pe]);
      counts_["activity_left_toggles"] += holds_left_ ? of_held : of_moving;
      counts_["activity_right_toggles"] += holds_left_ ? of_moving : of_held;
      counts_["activity_accumulator_toggles"] += changed_bits(sums_[pe], sums[pe]);
    }
    moving_ = moving, chain_ = chain, held_ = held, sums_ = sums;
  }

  std::int32_t product(int moving, int held) {
    const auto left = static_cast<std::size_t>(holds_left_ ? held : moving),
               right = static_cast<std::size_t>(holds_left_ ? moving : held);
    const int a = traces::code_values(case_.left_encoding)[left];
    const int b = traces::code_values(case_.right_encoding)[right];
    ++counts_["activity_macs"];
    counts_["activity_zero_operand_macs"] += a == 0 || b == 0;
    return a * b;
  }

  const GemmCase& case_;
  traces::GemmSize size_;
  Int rows_, columns_;
  bool holds_left_, is_hidden_;
  Int samples_, length_;
  std::vector<Fold> folds_;
  std::vector<int> moving_, chain_, held_;  ///< [row][column]
  std::vector<std::int32_t> sums_;
  Counts counts_;
};

class StationaryActivity : public ActivityOfProgram {};

TEST_P(StationaryActivity, IsWhatTheTextSays) {
  const ActivityCase& c = GetParam();
  std::vector<GemmCase> steps;
  for (const unsigned seed : {13U, 14U})
    steps.push_back(random_case({c.mode.phase, c.layer}, c.mode.left, c.mode.right, c.samples, seed));
  for (const char* dataflow : {"weight_stationary", "input_stationary"})
    for (const char* preload : {"hidden", "exposed"}) {
      const std::string design = fmt::format(R"("dataflow": "{}", "preload": "{}")", dataflow, preload);
      SCOPED_TRACE(design);
      std::vector<Counts> expected;
      for (const GemmCase& step : steps)
        expected.push_back(
            ReadersStationaryArray(step, c.rows, c.columns, *dataflow == 'i', *preload == 'h').count());
      for (const char* fidelity : {"pe", "array", "tile"})
        EXPECT_EQ(program(steps, design, fidelity), expected) << fidelity;
    }
}

INSTANTIATE_TEST_SUITE_P(TinyGemms, StationaryActivity, testing::ValuesIn(activity_cases()),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace quatrain::tests
