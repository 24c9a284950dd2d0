/// What stands in for machines.cu where the library was built without nvcc.
#include "kernels/machine.hpp"

namespace quatrain::kernels {

std::vector<std::unique_ptr<traces::Machine>> make_cuda_machines(std::string& why_not) {
  why_not = QUATRAIN_WHY_NO_CUDA;
  return {};
}

}  // namespace quatrain::kernels
