#pragma once
/// Fidelity `array`: the whole array is one module, its registers are plain arrays, every clock edge is
/// simulated. Same bits, cycles and activity as pe_array.hpp. Time follows the PEs in use.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array/array_step.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"

#include <optional>

namespace quatrain::rtl_models {

class FastArray final : public ArrayModule {
 public:
  SC_HAS_PROCESS(FastArray);
  /// `make_table`: of the kind of PE.
  FastArray(const sc_core::sc_module_name& name, ArrayShape shape, MakePeTable make_table,
            Drain drain = Drain::serial);

  void use(ArrayShape used) override;
  Activity activity() override { return activity_; }

 private:
  void on_edge();
  void show_exits();

  MakePeTable make_table_;
  std::optional<PeTable> table_;  ///< of the job's mode
  ArrayState state_;              ///< of the rows and columns in use
  ExitWords exit_words_;
  ArrayStep step_;
  Activity activity_;
  bool shown_ = false;  ///< the exits show something
};

}  // namespace quatrain::rtl_models
