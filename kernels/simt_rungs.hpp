#pragma once
/// The rungs as machines on the SIMT runtime, plain or checked: by the platform.

#include "kernels/device_backend.cuh"
#include "kernels/gemm/rungs.cuh"
#include "kernels/kernel_machine.hpp"
#include "kernels/machine.hpp"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

inline std::vector<traces::MachineOffer> rung_offers() {
  return offers_of_ladder([]<typename Rung>(std::type_identity<Rung>, const RungFacts& facts) {
    const std::string name = std::string("simt.") + facts.name;
    return traces::MachineOffer{name, [] { return std::nullopt; },
                                [name](base::ThreadPool& pool) {
                                  return std::make_unique<KernelMachine>(
                                      name,
                                      std::make_unique<DeviceBackend<Rung>>(LaunchShape{}, pool, Options{}));
                                },
                                facts.is_slow};
  });
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
