#include "emu/nn/layer.hpp"

#include <utility>

namespace quatrain::emu {

Parameter make_parameter(std::string name, traces::Shape shape) {
  const auto count = static_cast<std::size_t>(traces::element_count(shape));
  const std::vector<float> zeros(count, 0.0F);
  return {.name = std::move(name),
          .shape = std::move(shape),
          .value = zeros,
          .gradient = zeros,
          .momentum = zeros};
}

}  // namespace quatrain::emu
