#pragma once
/// The wires between the PEs of a stationary `pe` array, and the observer that watches them at every rising
/// edge. Definitions: docs/hardware-model.md.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/pe/control.hpp"
#include "rtl_models/pe/link.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"

#include <systemc>

#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

/// X_into(i, j) enters PE(i,j): from the edge for j = 0 (moving) or i = 0 (chain), else from a neighbour's
/// register. Sums enter row 0 as zero.
class StationaryWires {
 public:
  explicit StationaryWires(ArrayShape array);

  using Links = sc_core::sc_signal<LinkWires>;
  using Sums = sc_core::sc_signal<sc_dt::sc_int<32>>;
  using Bits = sc_core::sc_signal<bool>;

  Links& moving_into(std::uint32_t i, std::uint32_t j) {
    return moving_[std::size_t{i} * (shape.columns + 1) + j];
  }
  Links& chain_into(std::uint32_t i, std::uint32_t j) { return chain_[at(i, j)]; }
  Links& held(std::uint32_t i, std::uint32_t j) { return held_[at(i, j)]; }
  Sums& sum_into(std::uint32_t i, std::uint32_t j) { return sums_[at(i, j)]; }
  Sums& adder(std::uint32_t i, std::uint32_t j) { return adders_[at(i, j)]; }
  Bits& leaves(std::uint32_t i, std::uint32_t j) { return leaves_[at(i, j)]; }
  Bits& took(std::uint32_t i, std::uint32_t j) { return took_[at(i, j)]; }

  const ArrayShape shape;

 private:
  std::size_t at(std::uint32_t i, std::uint32_t j) const { return std::size_t{i} * shape.columns + j; }

  sc_core::sc_vector<Links> moving_, chain_, held_;
  sc_core::sc_vector<Sums> sums_, adders_;
  sc_core::sc_vector<Bits> leaves_, took_;
};

class StationaryWireObserver final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"}, reset{"reset"};
  sc_core::sc_in<PeControl> control{"control"};

  SC_HAS_PROCESS(StationaryWireObserver);
  StationaryWireObserver(const sc_core::sc_module_name& name, StationaryWires& wires, Preload preload,
                         Held which, ZeroMask zero_mask);

  /// Everything since the last reset, the changes of the last edge included.
  Activity activity();

 private:
  void on_edge();
  void count_products();
  void count_toggles();

  StationaryWires& wires_;
  Preload preload_;
  Held which_;
  ZeroMask zero_mask_;
  Activity activity_;
  /// Register contents when last looked at, [row][column].
  std::vector<unsigned> moving_, chain_, held_, sums_;
};

}  // namespace quatrain::rtl_models
