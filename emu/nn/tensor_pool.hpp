#pragma once
/// Memory of tensors that live for a part of a step: what one gave back, the next takes.

#include "emu/nn/tensor.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace quatrain::emu {

class TensorPool {
 public:
  TensorPool() = default;
  TensorPool(const TensorPool&) = delete;  // the tensors that are out know where they come from
  TensorPool& operator=(const TensorPool&) = delete;
  /// The smallest free tensor that has room for `elements`, or else the largest of all, which will grow.
  /// It comes back when its last owner lets go; the pool must then still be there.
  std::shared_ptr<Tensor> take(std::size_t elements);

 private:
  std::vector<std::unique_ptr<Tensor>> free_;
};

}  // namespace quatrain::emu
