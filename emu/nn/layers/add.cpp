#include "emu/nn/layers/add.hpp"

namespace quatrain::emu {

void Add::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  output.resize(inputs.first().batch(), inputs.first().extent());
  for_pieces(context.pool, output.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    const float* sum = inputs.first().values().data();
    float* y = output.values().data();
    for (std::size_t next = 1; next < inputs.size(); ++next) {
      const float* x = inputs[next].values().data();
      on_path(
          context.path, [=]() __attribute__((always_inline)) {
            for (std::size_t i = begin; i < end; ++i) y[i] = sum[i] + x[i];
          });
      sum = y;
    }
  });
}

}  // namespace quatrain::emu
