#include "rtl_models/array/wire_observer.hpp"

#include "rtl_models/pe/sum.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace quatrain::rtl_models {

ArrayWires::ArrayWires(ArrayShape array)
    : shape(array),
      accumulators("accumulator", std::size_t{array.rows} * array.columns),
      draining("draining", array.columns),
      begins("begins", array.columns),
      tap("tap", array.columns),
      left_("left", std::size_t{array.rows} * (array.columns + 1)),
      right_("right", std::size_t{array.rows + 1} * array.columns),
      shadows_("shadow", accumulators.size()),
      parts_("part", accumulators.size()),
      took_("took", accumulators.size()) {}

WireObserver::WireObserver(const sc_core::sc_module_name& name, ArrayWires& wires, ZeroMask zero_mask)
    : sc_module(name),
      wires_(wires),
      zero_mask_(zero_mask),
      left_(wires.accumulators.size()),
      right_(wires.accumulators.size()),
      accumulators_(wires.accumulators.size()),
      shadows_(wires.accumulators.size()),
      parts_(wires.accumulators.size()) {
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
}

Activity WireObserver::activity() {
  count_toggles();
  return activity_;
}

void WireObserver::on_edge() {
  if (reset.read()) {  // every register is zero after this edge
    activity_ = {};
    for (auto* seen : {&left_, &right_, &accumulators_, &shadows_, &parts_}) std::ranges::fill(*seen, 0U);
    return;
  }
  count_toggles();
  count_products();
}

/// The pairs that stand on the inputs of the PEs at this edge.
void WireObserver::count_products() {
  const PeMode mode = control.read().mode;
  const unsigned left_mask = zero_mask_(left_encoding(mode)), right_mask = zero_mask_(right_encoding(mode));
  for (std::uint32_t i = 0; i < wires_.shape.rows; ++i)
    for (std::uint32_t j = 0; j < wires_.shape.columns; ++j) {
      const unsigned left = wires_.left_into(i, j).read().to_uint(),
                     right = wires_.right_into(i, j).read().to_uint();
      if ((control_on(left) & control_on(right) & valid_bit) == 0) continue;
      ++activity_.macs;
      if ((left & left_mask) == 0 || (right & right_mask) == 0) ++activity_.zero_operand_macs;
    }
}

/// What the edge before this moment has changed.
void WireObserver::count_toggles() {
  const auto toggles = [](unsigned& seen, unsigned now) {
    return static_cast<std::uint64_t>(std::popcount(std::exchange(seen, now) ^ now));
  };
  const std::uint32_t mask = sum_mask(control.read().accumulator),
                      of_part = part_mask(control.read().accumulator);
  for (std::uint32_t i = 0; i < wires_.shape.rows; ++i)
    for (std::uint32_t j = 0; j < wires_.shape.columns; ++j) {
      const std::size_t pe = std::size_t{i} * wires_.shape.columns + j;
      activity_.left_toggles +=
          toggles(left_[pe], wires_.left_into(i, j + 1).read().to_uint() & operand_wire_bits);
      activity_.right_toggles +=
          toggles(right_[pe], wires_.right_into(i + 1, j).read().to_uint() & operand_wire_bits);
      activity_.accumulator_toggles +=
          toggles(accumulators_[pe], static_cast<unsigned>(wires_.accumulator(i, j).read().to_int()) & mask) +
          toggles(shadows_[pe], static_cast<unsigned>(wires_.shadow(i, j).read().to_int()) & mask) +
          toggles(parts_[pe], static_cast<unsigned>(wires_.part(i, j).read().to_int()) & of_part);
    }
}

}  // namespace quatrain::rtl_models
