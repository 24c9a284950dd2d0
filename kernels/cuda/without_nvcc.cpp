/// What stands in for machines.cu where the library was built without nvcc.
#include "kernels/gemm/rungs.hpp"
#include "kernels/machine.hpp"

namespace quatrain::kernels {

std::vector<traces::MachineOffer> cuda_machine_offers() {
  std::vector<traces::MachineOffer> offers;
  for (const RungFacts& facts : ladder)
    offers.push_back({std::string("cuda.") + facts.name, [] { return traces::Refusal(QUATRAIN_WHY_NO_CUDA); },
                      [](base::ThreadPool&) { return nullptr; }, facts.is_slow});
  return offers;
}

}  // namespace quatrain::kernels
