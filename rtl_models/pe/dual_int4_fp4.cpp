#include "rtl_models/pe/dual_int4_fp4.hpp"

#include "rtl_models/pe/model_of.hpp"

namespace quatrain::rtl_models {

const PeModel& dual_int4_fp4_pe() {
  static constexpr PeModel model = model_of<DualInt4Fp4>("dual_int4_fp4");
  return model;
}

}  // namespace quatrain::rtl_models
