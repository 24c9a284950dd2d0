#include "rtl_models/pe/fp7.hpp"

#include "rtl_models/pe/model_of.hpp"

namespace quatrain::rtl_models {

const PeModel& fp7_pe() {
  static constexpr PeModel model = model_of<Fp7>("fp7");
  return model;
}

}  // namespace quatrain::rtl_models
