#pragma once
/// The rungs as machines on the SIMT runtime, plain or checked: by the platform.

#include "kernels/device_backend.cuh"
#include "kernels/kernel_machine.hpp"
#include "kernels/machine.hpp"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

template <typename Rung>
traces::MachineOffer offer(const char* name) {
  return {name, [] { return std::nullopt; },
          [name](base::ThreadPool& pool) {
            return std::make_unique<KernelMachine>(
                name, std::make_unique<DeviceBackend<Rung>>(LaunchShape{}, pool, Options{}));
          }};
}

inline std::vector<traces::MachineOffer> rung_offers() {
  return {offer<NaiveRung>("simt.naive"), offer<TiledRung<DefaultTile>>("simt.tiled")};
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
