#include "kernels/device_backend.cuh"
#include "kernels/kernel_machine.hpp"
#include "kernels/machine.hpp"

namespace quatrain::kernels {
namespace {

template <typename Rung>
traces::MachineOffer offer(const char* name) {
  return {name, [] { return std::nullopt; },
          [name](base::ThreadPool& pool) {
            return std::make_unique<KernelMachine>(
                name, std::make_unique<simt::DeviceBackend<Rung>>(LaunchShape{}, pool, ::simt::Options{}));
          }};
}

}  // namespace

std::vector<traces::MachineOffer> simt_machine_offers() {
  return {offer<simt::NaiveRung>("simt.naive"), offer<simt::TiledRung<simt::DefaultTile>>("simt.tiled")};
}

}  // namespace quatrain::kernels
