#include "rtl_models/array/stationary/wire_observer.hpp"

#include "rtl_models/pe/sum.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace quatrain::rtl_models {

StationaryWires::StationaryWires(ArrayShape array)
    : shape(array),
      moving_("moving", std::size_t{array.rows} * (array.columns + 1)),
      chain_("chain", std::size_t{array.rows + 1} * array.columns),
      held_("held", std::size_t{array.rows} * array.columns),
      sums_("sum", std::size_t{array.rows + 1} * array.columns),
      adders_("adder", held_.size()),
      leaves_("leaves", held_.size()),
      took_("took", held_.size()) {}

StationaryWireObserver::StationaryWireObserver(const sc_core::sc_module_name& name, StationaryWires& wires,
                                               Preload preload, Held which, ZeroMask zero_mask)
    : sc_module(name), wires_(wires), preload_(preload), which_(which), zero_mask_(zero_mask) {
  const std::size_t pes = std::size_t{wires.shape.rows} * wires.shape.columns;
  for (auto* seen : {&moving_, &chain_, &held_, &sums_}) seen->resize(pes);
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
}

Activity StationaryWireObserver::activity() {
  count_toggles();
  return activity_;
}

void StationaryWireObserver::on_edge() {
  if (reset.read()) {  // every register is zero after this edge
    activity_ = {};
    for (auto* seen : {&moving_, &chain_, &held_, &sums_}) std::ranges::fill(*seen, 0U);
    return;
  }
  count_toggles();
  count_products();
}

/// The pairs that meet in the PEs at this edge.
void StationaryWireObserver::count_products() {
  const PeMode mode = control.read().mode;
  const unsigned left_mask = zero_mask_(left_encoding(mode)), right_mask = zero_mask_(right_encoding(mode));
  for (std::uint32_t i = 0; i < wires_.shape.rows; ++i)
    for (std::uint32_t j = 0; j < wires_.shape.columns; ++j) {
      const unsigned moving = wires_.moving_into(i, j).read().to_uint();
      const bool from_chain = preload_ == Preload::exposed || (control_on(moving) & first_bit) != 0;
      const unsigned fixed = (from_chain ? wires_.chain_into(i + 1, j) : wires_.held(i, j)).read().to_uint();
      if ((control_on(moving) & control_on(fixed) & valid_bit) == 0) continue;
      ++activity_.macs;
      const unsigned left = which_ == Held::left ? fixed : moving,
                     right = which_ == Held::left ? moving : fixed;
      if ((left & left_mask) == 0 || (right & right_mask) == 0) ++activity_.zero_operand_macs;
    }
}

/// What the edge before this moment has changed.
void StationaryWireObserver::count_toggles() {
  const auto toggles = [](unsigned& seen, unsigned now) {
    return static_cast<std::uint64_t>(std::popcount(std::exchange(seen, now) ^ now));
  };
  const std::uint32_t mask = sum_mask(control.read().accumulator);
  std::uint64_t moving = 0, held = 0;
  for (std::uint32_t i = 0; i < wires_.shape.rows; ++i)
    for (std::uint32_t j = 0; j < wires_.shape.columns; ++j) {
      const std::size_t pe = std::size_t{i} * wires_.shape.columns + j;
      moving += toggles(moving_[pe], wires_.moving_into(i, j + 1).read().to_uint() & operand_wire_bits);
      held += toggles(chain_[pe], wires_.chain_into(i + 1, j).read().to_uint() & operand_wire_bits) +
              toggles(held_[pe], wires_.held(i, j).read().to_uint() & operand_wire_bits);
      activity_.accumulator_toggles +=
          toggles(sums_[pe], static_cast<unsigned>(wires_.sum_into(i + 1, j).read().to_int()) & mask);
    }
  activity_.left_toggles += which_ == Held::left ? held : moving;
  activity_.right_toggles += which_ == Held::left ? moving : held;
}

}  // namespace quatrain::rtl_models
