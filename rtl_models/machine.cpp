#include "rtl_models/machine.hpp"

#include "rtl_models/array_machine.hpp"

namespace quatrain::rtl_models {

std::unique_ptr<traces::Machine> make_systemc_machine(std::unique_ptr<ArrayModel> model) {
  return std::make_unique<ArrayMachine<Fault::none>>(std::move(model));
}

}  // namespace quatrain::rtl_models
