#include "sim/accelerator/mapping.hpp"

#include "rtl_models/array_model.hpp"

namespace quatrain::sim {

rtl_models::TileSchedule schedule_of(const Mapping& mapping) {
  return rtl_models::whole_gemm_schedule(mapping.size, mapping.samples, mapping.array);
}

}  // namespace quatrain::sim
