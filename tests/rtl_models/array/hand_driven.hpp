#pragma once
/// Drives the edges of an output-stationary array by hand, cycle by cycle.

#include "rtl_models/array/array_module.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace quatrain::tests {

using namespace rtl_models;

/// INT4 codes of one tile; no product is zero, so a missing one shows.
struct HandTile {
  int rows, columns, k;
  int left(int i, int at) const { return 1 + (i * 5 + at * 3) % 7; }
  int right(int j, int at) const { return 1 + (j * 4 + at * 2) % 7; }
  int sum(int i, int j, int products) const {
    int sum = 0;
    for (int at = 0; at < products; ++at) sum += left(i, at) * right(j, at);
    return sum;
  }
};

/// Signals around an array; step() ends a cycle.
class HandDriven {
 public:
  explicit HandDriven(ArrayModule& array, ArrayShape shape) : shape_(shape) {
    array.clock(clock_);
    array.reset(reset_);
    array.left(left_);
    array.right(right_);
    array.control(control_);
    array.returning(returning_);
    array.exits(exits_);
  }
  void begin() {
    control_.write({PeMode::int4_int4});
    left_.write(EdgeWord(shape_.rows));
    right_.write(EdgeWord(shape_.columns));
    reset_.write(true);
    step();
    reset_.write(false);
  }
  /// Puts on the edges what they carry in this cycle of each tile.
  void drive(const std::vector<std::pair<HandTile, int>>& tiles_and_cycles) {
    EdgeWord left(shape_.rows), right(shape_.columns);
    for (const auto& [tile, cycle] : tiles_and_cycles) place(tile, cycle, left, right);
    left_.write(left);
    right_.write(right);
  }
  void step() { sc_core::sc_start(1.0, sc_core::SC_NS); }
  const ExitWords& exits() const { return exits_.read(); }

 private:
  static void place(const HandTile& tile, int cycle, EdgeWord& left, EdgeWord& right) {
    for (int i = 0; i < tile.rows; ++i)
      if (const int at = cycle - i; at >= 0 && at < tile.k)
        left.words[static_cast<std::size_t>(i)] =
            static_cast<Link>(tile.left(i, at) | valid_bit | (at == 0 ? first_bit : 0) |
                              (at == tile.k - 1 ? last_bit : 0) | (i == tile.rows - 1 ? bottom_bit : 0));
    for (int j = 0; j < tile.columns; ++j)
      if (const int at = cycle - j; at >= 0 && at < tile.k)
        right.words[static_cast<std::size_t>(j)] = static_cast<Link>(tile.right(j, at) | valid_bit);
  }

  ArrayShape shape_;
  sc_core::sc_clock clock_{"hand_clock", 1.0, sc_core::SC_NS, 0.5, 0.5, sc_core::SC_NS};  // rises in mid-step
  sc_core::sc_signal<bool> reset_;
  sc_core::sc_signal<EdgeWord> left_, right_;
  sc_core::sc_signal<PeControl> control_;
  sc_core::sc_signal<SumWords> returning_;
  sc_core::sc_signal<ExitWords> exits_;
};

}  // namespace quatrain::tests
