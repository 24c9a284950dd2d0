#include "emu/nn/tensor_pool.hpp"

#include <algorithm>
#include <utility>

namespace quatrain::emu {

std::shared_ptr<Tensor> TensorPool::take(std::size_t elements) {
  const auto is_better = [&](const std::unique_ptr<Tensor>& a, const std::unique_ptr<Tensor>& b) {
    const bool a_fits = a->capacity() >= elements, b_fits = b->capacity() >= elements;
    if (a_fits != b_fits) return a_fits;
    return a_fits ? a->capacity() < b->capacity() : a->capacity() > b->capacity();
  };
  std::unique_ptr<Tensor> tensor;
  if (free_.empty()) {
    tensor = std::make_unique<Tensor>();
  } else {
    const auto best = std::min_element(free_.begin(), free_.end(), is_better);
    tensor = std::move(*best);
    free_.erase(best);
  }
  return {tensor.release(), [this](Tensor* given_back) { free_.emplace_back(given_back); }};
}

}  // namespace quatrain::emu
