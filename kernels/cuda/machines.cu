/// The one translation unit that nvcc compiles: every kernel, and the machines around them.
#include "kernels/cuda/error.hpp"
#include "kernels/device_backend.cuh"
#include "kernels/gemm/rungs.cuh"
#include "kernels/kernel_machine.hpp"
#include "kernels/machine.hpp"

namespace quatrain::kernels {
namespace cuda {

void check_cuda(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw_error(what, cudaGetErrorString(status));
}

namespace {

/// Why no kernel can run here; nothing where one can. Any error of the first call means "no device": without
/// a driver it fails and leaves the count as it was.
traces::Refusal device_missing() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess || count <= 0) return "no CUDA device";
  cudaFuncAttributes attributes;
  if (const cudaError_t status = cudaFuncGetAttributes(&attributes, scale_accumulators);
      status != cudaSuccess)
    return "no kernel for " + Device::name() + ": " + cudaGetErrorString(status);
  return std::nullopt;
}

}  // namespace
}  // namespace cuda

std::vector<traces::MachineOffer> cuda_machine_offers() {
  return cuda::offers_of_ladder([]<typename Rung>(std::type_identity<Rung>, const RungFacts& facts) {
    const std::string name = std::string("cuda.") + facts.name;
    return traces::MachineOffer{name, cuda::device_missing,
                                [name](base::ThreadPool&) {
                                  return std::make_unique<KernelMachine>(
                                      name, std::make_unique<cuda::DeviceBackend<Rung>>(LaunchShape{}));
                                },
                                facts.is_slow};
  });
}

}  // namespace quatrain::kernels
