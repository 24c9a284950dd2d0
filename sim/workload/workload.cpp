#include "sim/workload/workload.hpp"

#include <fmt/format.h>

namespace quatrain::sim {

std::string place_of(const WorkloadGemm& work) {
  return fmt::format("layer {}, step {}, {}", work.layer, work.step, name_of(work.gemm.phase));
}

std::string values_text(std::uint32_t seed) {
  return fmt::format("seeded generator, seed {}, not from a training run", seed);
}

std::string values_field(const WorkloadSource& source) {
  if (source.is_trace()) return "trace";
  return source.seed ? fmt::format("seed={}", *source.seed) : "none";
}

}  // namespace quatrain::sim
