/// Drives the edges of a stationary array by hand, cycle by cycle, and reads its exits in every cycle.
#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace quatrain::tests {
namespace {

using namespace rtl_models;

constexpr ArrayShape shape{4, 5};

/// INT4 codes of one fold: k x columns held, m lines of the moving operand. No product is zero.
struct HandFold {
  int rows, columns, m;
  int preload, stream;  ///< the cycles in which the first words stand on PE(0,0)
  int number = 0;       ///< folds have different codes
  int held(int i, int j) const { return 1 + (i * 3 + j * 5 + 3 * number) % 7; }
  int moving(int line, int i) const { return 1 + (line * 4 + i * 2 + m) % 7; }
  int sum(int line, int j) const {
    int sum = 0;
    for (int i = 0; i < rows; ++i) sum += moving(line, i) * held(i, j);
    return sum;
  }
};

/// Signals around an array; step() ends a cycle.
class HandDriven {
 public:
  explicit HandDriven(ArrayModule& array) {
    array.clock(clock_);
    array.reset(reset_);
    array.left(left_);
    array.right(top_);
    array.control(control_);
    array.returning(returning_);
    array.exits(exits_);
  }

  /// How many exits show something else than they must. Sum (m, j) of a fold is made in PE(rows - 1, j) from
  /// what stands on its inputs in cycle stream + m + rows - 1 + j: the exit shows it in that cycle, and in no
  /// other.
  int wrong_exits(const std::vector<HandFold>& folds) {
    control_.write({PeMode::int4_int4});
    left_.write(EdgeWord(shape.rows));
    top_.write(EdgeWord(shape.columns));
    reset_.write(true);
    step();
    reset_.write(false);
    int wrong = 0;
    for (int cycle = 0; cycle < folds.back().stream + 40; ++cycle) {
      drive(folds, cycle);
      sc_core::sc_start(0.25, sc_core::SC_NS);  // the edges are there, the clock has not risen
      for (int j = 0; j < static_cast<int>(shape.columns); ++j) {
        ExitWord expected;
        for (const HandFold& fold : folds) {
          const int line = cycle - fold.stream - (fold.rows - 1) - j;
          if (line < 0 || line >= fold.m || j >= fold.columns) continue;
          wrong += expected.draining;  // a column has one exit
          expected = {fold.sum(line, j), true};
        }
        wrong += !(exits_.read().words[static_cast<std::size_t>(j)] == expected);
      }
      sc_core::sc_start(0.75, sc_core::SC_NS);
    }
    return wrong;
  }

 private:
  void step() { sc_core::sc_start(1.0, sc_core::SC_NS); }

  void drive(const std::vector<HandFold>& folds, int cycle) {
    EdgeWord left(shape.rows), top(shape.columns);
    for (const HandFold& fold : folds) {
      for (int i = 0; i < fold.rows; ++i)
        if (const int line = cycle - fold.stream - i; line >= 0 && line < fold.m)
          left.words[static_cast<std::size_t>(i)] =
              static_cast<Link>(fold.moving(line, i) | valid_bit | (line == 0 ? first_bit : 0) |
                                (i == fold.rows - 1 ? bottom_bit : 0));
      for (int j = 0; j < static_cast<int>(shape.columns); ++j)
        if (const int word = cycle - fold.preload - j; word >= 0 && word < fold.rows)
          top.words[static_cast<std::size_t>(j)] =
              static_cast<Link>(load_bit | (word == fold.rows - 1 ? last_bit : 0) |
                                (j < fold.columns ? fold.held(fold.rows - 1 - word, j) | valid_bit : 0));
    }
    left_.write(left);
    top_.write(top);
  }

  sc_core::sc_clock clock_{"hand_clock", 1.0, sc_core::SC_NS, 0.5, 0.5, sc_core::SC_NS};  // rises in mid-step
  sc_core::sc_signal<bool> reset_;
  sc_core::sc_signal<EdgeWord> left_, top_;
  sc_core::sc_signal<PeControl> control_;
  sc_core::sc_signal<SumWords> returning_;
  sc_core::sc_signal<ExitWords> exits_;
};

struct Extent {
  int rows, columns, m;
};
const std::vector<Extent> extents = {{4, 5, 7}, {4, 5, 1}, {2, 3, 6}, {1, 1, 2}, {3, 5, 4}, {1, 5, 1}};

/// A fold's stream may begin in this cycle of the one before, its preload with the stream of the one before,
/// and neither a cycle earlier.
void expect_hidden(ArrayModule& array) {
  HandDriven bench(array);
  for (const Extent& a : extents)
    for (const Extent& b : extents) {
      SCOPED_TRACE(testing::Message() << a.rows << " x " << a.columns << " x " << a.m << ", then " << b.rows
                                      << " x " << b.columns << " x " << b.m);
      const HandFold first{a.rows, a.columns, a.m, 0, a.rows};
      const int interval = std::max({a.m, b.rows, a.m + a.rows - b.rows});
      const auto then = [&](int preload, int stream) {
        return std::vector{first, HandFold{b.rows, b.columns, b.m, preload, stream, 1}};
      };
      EXPECT_EQ(bench.wrong_exits(then(first.stream, first.stream + interval)), 0);
      EXPECT_EQ(bench.wrong_exits(then(first.stream + 2, first.stream + interval + 5)), 0);
      EXPECT_GT(bench.wrong_exits(then(first.stream, first.stream + interval - 1)), 0);
      EXPECT_GT(bench.wrong_exits(then(first.stream - 1, first.stream + interval)), 0) << "preload too early";
    }
}

/// A fold's preload begins when the one before has sent its last sum.
void expect_exposed(ArrayModule& array) {
  HandDriven bench(array);
  for (const Extent& a : extents)
    for (const Extent& b : extents) {
      const HandFold first{a.rows, a.columns, a.m, 0, a.rows};
      const int end = 2 * a.rows + a.columns + a.m - 2;
      EXPECT_EQ(bench.wrong_exits({first, {b.rows, b.columns, b.m, end, end + b.rows, 1}}), 0);
      EXPECT_GT(bench.wrong_exits({first, {b.rows, b.columns, b.m, end, end + b.rows - 1, 1}}), 0)
          << "a product before its operand is there";
    }
}

std::unique_ptr<ArrayModule> array_of(Fidelity fidelity, const Dataflow& dataflow) {
  return dual_int4_fp4_pe().make_array(shape, fidelity, dataflow);
}

TEST(StationaryPeArrayTiming, HiddenPreload) {
  expect_hidden(*array_of(Fidelity::pe, WeightStationary{Preload::hidden}));
}
TEST(StationaryFastArrayTiming, HiddenPreload) {
  expect_hidden(*array_of(Fidelity::array, WeightStationary{Preload::hidden}));
}
TEST(StationaryPeArrayTiming, ExposedPreload) {
  expect_exposed(*array_of(Fidelity::pe, InputStationary{Preload::exposed}));
}
TEST(StationaryFastArrayTiming, ExposedPreload) {
  expect_exposed(*array_of(Fidelity::array, InputStationary{Preload::exposed}));
}

}  // namespace
}  // namespace quatrain::tests
