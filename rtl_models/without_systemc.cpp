/// What stands in for elaborated_array.cpp and elaborated_quantizer.cpp where the library was built without
/// SystemC.
#include "rtl_models/array_model.hpp"
#include "rtl_models/memory/memory_model.hpp"
#include "rtl_models/quantizer_model.hpp"
#include "traces/base/error.hpp"

namespace quatrain::rtl_models {

traces::Refusal systemc_missing() { return "built without SystemC (Debian package libsystemc-dev)"; }

std::string systemc_version() { return "no SystemC"; }

std::unique_ptr<ArrayModel> make_array_model(ArrayShape, Fidelity, const Dataflow&) {
  throw base::Error("{}", *systemc_missing());
}

std::unique_ptr<QuantizerModel> make_quantizer_model(unsigned) {
  throw base::Error("{}", *systemc_missing());
}

std::unique_ptr<MemoryModel> make_memory_model() { throw base::Error("{}", *systemc_missing()); }

}  // namespace quatrain::rtl_models
