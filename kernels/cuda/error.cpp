#include "kernels/cuda/error.hpp"

#include "traces/base/error.hpp"

namespace quatrain::kernels::cuda {

void throw_error(const std::string& what, const std::string& reason) {
  throw base::Error("CUDA: {}: {}", what, reason);
}

}  // namespace quatrain::kernels::cuda
