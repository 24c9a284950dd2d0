/// What stands in for machines.cu where the library was built without nvcc.
#include "kernels/machine.hpp"

namespace quatrain::kernels {

std::vector<traces::MachineOffer> cuda_machine_offers() {
  const auto why_not = [] { return traces::Refusal(QUATRAIN_WHY_NO_CUDA); };
  const auto none = [](base::ThreadPool&) { return nullptr; };
  return {{"cuda.naive", why_not, none}, {"cuda.tiled", why_not, none}};
}

}  // namespace quatrain::kernels
