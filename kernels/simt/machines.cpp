#include "kernels/device_backend.cuh"
#include "kernels/kernel_machine.hpp"
#include "kernels/machine.hpp"

namespace quatrain::kernels {

std::vector<std::unique_ptr<traces::Machine>> make_simt_machines(traces::ThreadPool& pool,
                                                                 const SimtOptions& options) {
  std::vector<std::unique_ptr<traces::Machine>> machines;
  machines.push_back(std::make_unique<KernelMachine>(
      "simt.naive", std::make_unique<simt::DeviceBackend<simt::NaiveRung>>(LaunchShape{}, pool, options)));
  machines.push_back(std::make_unique<KernelMachine>(
      "simt.tiled", std::make_unique<simt::DeviceBackend<simt::TiledRung<simt::DefaultTile>>>(
                        LaunchShape{}, pool, options)));
  return machines;
}

}  // namespace quatrain::kernels
