#include "sim/workload/workload.hpp"

#include <fmt/format.h>

namespace quatrain::sim {

std::string place_of(const WorkloadGemm& work) {
  return fmt::format("layer {}, step {}, {}", work.layer, work.step, name_of(work.gemm.phase));
}

}  // namespace quatrain::sim
