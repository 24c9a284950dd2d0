#include "rtl_models/pe/int4.hpp"

#include "rtl_models/pe/model_of.hpp"

namespace quatrain::rtl_models {

const PeModel& int4_pe() {
  static constexpr PeModel model = model_of<Int4>("int4");
  return model;
}

}  // namespace quatrain::rtl_models
