#include "rtl_models/array/activity.hpp"

namespace quatrain::rtl_models {

Activity& Activity::operator+=(const Activity& other) {
  macs += other.macs;
  zero_operand_macs += other.zero_operand_macs;
  left_toggles += other.left_toggles;
  right_toggles += other.right_toggles;
  accumulator_toggles += other.accumulator_toggles;
  return *this;
}

}  // namespace quatrain::rtl_models
