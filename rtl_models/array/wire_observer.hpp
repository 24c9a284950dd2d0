#pragma once
/// The wires between the PEs of a `pe` array, and the observer that watches them: at every rising edge it
/// reads each wire and compares it with what it read at the edge before. Definitions: docs/hardware-model.md.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/pe/control.hpp"
#include "rtl_models/pe/link.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"

#include <systemc>

#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

/// left_into(i, j) enters PE(i,j) from the left: from the edge for j = 0, else from the register of
/// PE(i,j-1).
class ArrayWires {
 public:
  explicit ArrayWires(ArrayShape array);

  sc_core::sc_signal<LinkWires>& left_into(std::uint32_t i, std::uint32_t j) {
    return left_[std::size_t{i} * (shape.columns + 1) + j];
  }
  sc_core::sc_signal<LinkWires>& right_into(std::uint32_t i, std::uint32_t j) {
    return right_[std::size_t{i} * shape.columns + j];
  }
  sc_core::sc_signal<sc_dt::sc_int<32>>& accumulator(std::uint32_t i, std::uint32_t j) {
    return accumulators[std::size_t{i} * shape.columns + j];
  }
  /// Changes with Drain::shadow only.
  sc_core::sc_signal<sc_dt::sc_int<32>>& shadow(std::uint32_t i, std::uint32_t j) {
    return shadows_[std::size_t{i} * shape.columns + j];
  }
  /// Changes where sums have chunks only.
  sc_core::sc_signal<sc_dt::sc_int<32>>& part(std::uint32_t i, std::uint32_t j) {
    return parts_[std::size_t{i} * shape.columns + j];
  }
  /// PE(i,j) has taken the word above it at the last edge.
  sc_core::sc_signal<bool>& took(std::uint32_t i, std::uint32_t j) {
    return took_[std::size_t{i} * shape.columns + j];
  }

  const ArrayShape shape;
  sc_core::sc_vector<sc_core::sc_signal<sc_dt::sc_int<32>>> accumulators;  ///< [row][column]
  sc_core::sc_vector<sc_core::sc_signal<bool>> draining, begins;           ///< [column]: column_drain.hpp
  sc_core::sc_vector<sc_core::sc_signal<unsigned>> tap;                    ///< [column]

 private:
  sc_core::sc_vector<sc_core::sc_signal<LinkWires>> left_, right_;
  sc_core::sc_vector<sc_core::sc_signal<sc_dt::sc_int<32>>> shadows_, parts_;
  sc_core::sc_vector<sc_core::sc_signal<bool>> took_;
};

class WireObserver final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"}, reset{"reset"};
  sc_core::sc_in<PeControl> control{"control"};

  SC_HAS_PROCESS(WireObserver);
  /// `zero_mask`: that of the kind of PE.
  WireObserver(const sc_core::sc_module_name& name, ArrayWires& wires, ZeroMask zero_mask);

  /// Everything since the last reset, the changes of the last edge included.
  Activity activity();

 private:
  void on_edge();
  void count_products();
  void count_toggles();

  ArrayWires& wires_;
  ZeroMask zero_mask_;
  Activity activity_;
  /// Register contents when last looked at, [row][column].
  std::vector<unsigned> left_, right_, accumulators_, shadows_, parts_;
};

}  // namespace quatrain::rtl_models
