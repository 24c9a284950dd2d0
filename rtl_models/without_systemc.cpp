/// What stands in for elaborated_array.cpp and elaborated_quantizer.cpp where the library was built without
/// SystemC.
#include "rtl_models/array_model.hpp"
#include "rtl_models/float_array.hpp"
#include "rtl_models/memory/memory_model.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"
#include "rtl_models/pe/fp7.hpp"
#include "rtl_models/pe/int4.hpp"
#include "rtl_models/pe/int8.hpp"
#include "rtl_models/quantizer_model.hpp"
#include "rtl_models/waveform.hpp"
#include "traces/base/error.hpp"

namespace quatrain::rtl_models {

traces::Refusal systemc_missing() { return "built without SystemC (Debian package libsystemc-dev)"; }

std::string systemc_version() { return "no SystemC"; }

std::unique_ptr<ArrayModel> make_array_model(ArrayShape, Fidelity, const Dataflow&, const PeModel&) {
  throw base::Error("{}", *systemc_missing());
}

std::unique_ptr<FloatArrayModel> make_float_array_model(ArrayShape, traces::FloatFormat, Fidelity,
                                                        const OutputStationary&) {
  throw base::Error("{}", *systemc_missing());
}

std::unique_ptr<QuantizerModel> make_quantizer_model(unsigned, QuantizerPlacement, unsigned) {
  throw base::Error("{}", *systemc_missing());
}

std::unique_ptr<MemoryModel> make_memory_model() { throw base::Error("{}", *systemc_missing()); }

std::unique_ptr<WaveformModel> make_waveform_model(ArrayShape, const Dataflow&, const PeModel&,
                                                   const traces::Accumulator&) {
  throw base::Error("{}", *systemc_missing());
}

const PeModel& dual_int4_fp4_pe() {
  static constexpr PeModel model{"dual_int4_fp4", operand_table<DualInt4Fp4>, DualInt4Fp4::has};
  return model;
}
const PeModel& int4_pe() {
  static constexpr PeModel model{"int4", operand_table<Int4>, Int4::has};
  return model;
}
const PeModel& fp7_pe() {
  static constexpr PeModel model{"fp7", operand_table<Fp7>, Fp7::has};
  return model;
}
const PeModel& int8_pe() {
  static constexpr PeModel model{"int8", operand_table<Int8>, Int8::has};
  return model;
}

}  // namespace quatrain::rtl_models
