#pragma once
/// Fidelity `array` of an output-stationary array of floating-point operands: one module, its registers are
/// plain arrays, every clock edge is simulated. Same bits, cycles and activity as pe_array.hpp.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/array/passed_on.hpp"
#include "rtl_models/pe/float_mac.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

namespace quatrain::rtl_models {

template <typename Format>
class ClockedFloats final : public WideArrayModule {
 public:
  SC_HAS_PROCESS(ClockedFloats);
  ClockedFloats(const sc_core::sc_module_name& name, ArrayShape shape, Drain drain)
      : WideArrayModule(name, shape), drain_(drain) {
    use(shape);
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

  void use(ArrayShape used) override {
    used_ = used;
    clear();
  }
  Activity activity() override { return activity_; }

 private:
  /// Words that a column has still to send, and the row whose word leaves.
  struct Column {
    std::uint32_t words = 0, tap = 0;
    /// At an edge of the drain each PE takes the word above it, unless the words above have passed.
    bool takes(std::uint32_t row) const { return words > 0 && row <= tap && row > tap + 1 - words; }
  };
  /// The operand registers of one side: those in use, and what runs on behind them.
  struct Side {
    std::vector<WideLink> edge, registers;  ///< [lane]: in front of the array; [row][column]
    PassedOn behind;
  };

  void clear() {
    left_ = {std::vector<WideLink>(shape_.rows), registers(), PassedOn(shape_.columns - 1)};
    right_ = {std::vector<WideLink>(shape_.columns), registers(), PassedOn(shape_.rows - 1)};
    accumulators_ = shadows_ = registers();
    columns_.assign(used_.columns, {});
    activity_ = {};
  }
  std::vector<std::uint32_t> registers() const {
    return std::vector<std::uint32_t>(std::size_t{used_.rows} * used_.columns);
  }

  void on_edge() {
    if (reset.read())
      clear();
    else
      step();
    ExitWords words(used_.columns);
    const std::vector<std::uint32_t>& chain = drain_ == Drain::shadow ? shadows_ : accumulators_;
    for (std::uint32_t j = 0; j < used_.columns; ++j)
      if (columns_[j].words > 0)
        words.words[j] = {static_cast<std::int32_t>(chain[columns_[j].tap * used_.columns + j]), true};
    exits.write(words);
  }

  void step() {
    activity_.left_toggles += enter(left_, left.read());
    activity_.right_toggles += enter(right_, right.read());
    move_operands();
    std::vector<Column> after = columns_;
    for (Column& column : after) column.words -= column.words > 0 ? 1 : 0;
    for (std::uint32_t i = used_.rows; i-- > 0;)  // from below: a word moves before its place is taken
      for (std::uint32_t j = 0; j < used_.columns; ++j) {
        const std::size_t at = std::size_t{i} * used_.columns + j;
        const WideLink of_left = left_.registers[at], of_right = right_.registers[at];
        const bool adds = (of_left & of_right & wide(valid_bit)) != 0, takes = columns_[j].takes(i);
        if (!adds && !takes) continue;
        std::uint32_t now = accumulators_[at];
        if (adds && (of_left & wide(first_bit)) != 0)
          now = static_cast<std::uint32_t>(returning.read().words[j]);  // +0 but for sums that come back
        if (adds) now = sum_of_pair<Format>(now, of_left, of_right);
        if (adds) count_product(of_left, of_right);
        keep(at, now, adds && (of_left & wide(last_bit)) != 0, takes);
        constexpr WideLink leaves = wide(last_bit | bottom_bit);
        if (adds && (of_left & leaves) == leaves) after[j] = {i + 1, i};
      }
    columns_ = std::move(after);
  }

  /// Bits of operands that change in all registers of the side.
  std::uint64_t enter(Side& side, const WideEdgeWord& word) {
    std::uint64_t toggles = 0;
    for (std::size_t lane = 0; lane < side.edge.size(); ++lane) {
      const WideLink now = word.words[lane] & operand_wire_bits;
      toggles += static_cast<std::uint64_t>(std::popcount(side.edge[lane] ^ now));
      side.edge[lane] = now;
    }
    return toggles + side.behind.edge(toggles);
  }

  /// What stands on the inputs of a PE at this edge is in its registers after it.
  void move_operands() {
    const std::size_t width = used_.columns;
    std::vector<WideLink>&of_left = left_.registers, &of_right = right_.registers;
    for (std::uint32_t i = 0; i < used_.rows; ++i) {
      const auto row = of_left.begin() + static_cast<std::ptrdiff_t>(i * width);
      std::copy_backward(row, row + static_cast<std::ptrdiff_t>(width - 1),
                         row + static_cast<std::ptrdiff_t>(width));
      *row = left.read().words[i];
    }
    std::copy_backward(of_right.begin(), of_right.end() - static_cast<std::ptrdiff_t>(width), of_right.end());
    std::copy_n(right.read().words.begin(), width, of_right.begin());
  }

  void count_product(WideLink of_left, WideLink of_right) {
    ++activity_.macs;
    if ((of_left & number_bits<Format>) == 0 || (of_right & number_bits<Format>) == 0)
      ++activity_.zero_operand_macs;
  }

  /// `ends`: the sum is complete, a shadow register takes it. `takes`: the chain takes the word above.
  void keep(std::size_t at, std::uint32_t sum, bool ends, bool takes) {
    const auto write = [this](std::uint32_t& held, std::uint32_t now) {
      activity_.accumulator_toggles += static_cast<std::uint64_t>(std::popcount(held ^ now));
      held = now;
    };
    if (drain_ != Drain::shadow)
      return write(accumulators_[at], takes ? accumulators_[at - used_.columns] : sum);
    write(accumulators_[at], sum);
    if (ends)
      write(shadows_[at], sum);
    else if (takes)
      write(shadows_[at], shadows_[at - used_.columns]);
  }

  Drain drain_;
  ArrayShape used_;
  Side left_, right_;
  std::vector<std::uint32_t> accumulators_, shadows_;  ///< [row][column]: bits of fp32
  std::vector<Column> columns_;
  Activity activity_;
};

}  // namespace quatrain::rtl_models
