#include "rtl_models/pe/int8.hpp"

#include "rtl_models/pe/model_of.hpp"

namespace quatrain::rtl_models {

const PeModel& int8_pe() {
  static constexpr PeModel model = model_of<Int8>("int8");
  return model;
}

}  // namespace quatrain::rtl_models
