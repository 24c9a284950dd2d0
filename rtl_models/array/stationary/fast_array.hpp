#pragma once
/// Weight and input stationary at fidelity `array`: one module, its registers are plain arrays, every clock
/// edge is simulated. Same bits, cycles and activity as pe_array.hpp. Time follows the PEs in use.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array/stationary/step.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace quatrain::rtl_models {

class StationaryFastArray final : public ArrayModule {
 public:
  SC_HAS_PROCESS(StationaryFastArray);
  /// `make_table`: of the kind of PE.
  StationaryFastArray(const sc_core::sc_module_name& name, ArrayShape shape, MakePeTable make_table,
                      Preload preload, Held which);

  void use(ArrayShape used) override;
  Activity activity() override { return activity_; }

 private:
  void on_edge();
  /// What the adders of the bottom row make of what stands on their inputs in this cycle.
  void show_exits();
  const PeTable& table();
  void take_returning();

  MakePeTable make_table_;
  std::optional<PeTable> table_;  ///< of the job's mode
  StationaryState state_;
  ExitWords exit_words_;
  std::vector<std::uint64_t> bottom_until_;  ///< [row]: up to this cycle an operand of a bottom row is in it
  StationaryStep step_;
  Activity activity_;
  sc_core::sc_event stepped_{"stepped"};
  std::uint64_t cycle_ = 0;
  bool shown_ = false;  ///< the exits show something
};

}  // namespace quatrain::rtl_models
