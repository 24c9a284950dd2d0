/// The one translation unit that nvcc compiles: every kernel, and the machines around them.
#include "kernels/cuda/error.hpp"
#include "kernels/device_backend.cuh"
#include "kernels/kernel_machine.hpp"
#include "kernels/machine.hpp"

namespace quatrain::kernels {
namespace cuda {

void check_cuda(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw_error(what, cudaGetErrorString(status));
}

namespace {

/// Why no kernel can run here; nothing where one can. Any error of the first calls means "no device": without
/// a driver cudaGetDeviceCount fails and leaves the count as it was.
traces::Refusal device_missing() {
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess || count <= 0)
    return std::string("no CUDA device: ") +
           (status != cudaSuccess ? cudaGetErrorString(status) : "none found");
  cudaFuncAttributes attributes;
  if (const cudaError_t status = cudaFuncGetAttributes(&attributes, scale_accumulators);
      status != cudaSuccess)
    return "no kernel for " + Device::name() + ": " + cudaGetErrorString(status);
  return std::nullopt;
}

template <typename Rung>
std::unique_ptr<traces::Machine> make_machine(const char* name) {
  return std::make_unique<KernelMachine>(name, std::make_unique<DeviceBackend<Rung>>(LaunchShape{}));
}

}  // namespace
}  // namespace cuda

std::vector<std::unique_ptr<traces::Machine>> make_cuda_machines(std::string& why_not) {
  std::vector<std::unique_ptr<traces::Machine>> machines;
  if (const auto reason = cuda::device_missing()) {
    why_not = *reason;
    return machines;
  }
  machines.push_back(cuda::make_machine<cuda::NaiveRung>("cuda.naive"));
  machines.push_back(cuda::make_machine<cuda::TiledRung<cuda::DefaultTile>>("cuda.tiled"));
  return machines;
}

}  // namespace quatrain::kernels
