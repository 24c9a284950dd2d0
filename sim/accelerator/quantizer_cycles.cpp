#include "sim/accelerator/quantizer_cycles.hpp"

#include "sim/accelerator/checked.hpp"

#include <cstdlib>

namespace quatrain::sim {
namespace {

/// Words that stand on the lanes for each word of a tensor, and the cycles beside them: stages to fill,
/// digits of scale and inv.
struct PassCycles {
  std::uint64_t words, others;
};

PassCycles passes_of(const QuantizerWork& work, const QuantizerDesign& design) {
  const bool is_fused = design.placement == QuantizerPlacement::fused;
  switch (work.rule) {
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      if (is_fused) return {2, 394};
      return {3, 395};
    case traces::Rule::luq_fp4:
    case traces::Rule::nearest_fp4:
      if (is_fused || !work.measures_maximum || work.maximum_is_known) return {rounds_of(work, design), 30};
      return {1 + rounds_of(work, design), 31};
  }
  std::abort();
}

}  // namespace

std::uint64_t quantizer_cycles(std::span<const QuantizerWork> quantizers, const QuantizerDesign& design) {
  std::uint64_t cycles = 0;
  for (const QuantizerWork& work : quantizers) {
    const PassCycles of = passes_of(work, design);
    const std::uint64_t words = (work.elements + design.lanes - 1) / design.lanes;
    cycles = checked_sum(cycles, checked_sum(checked_product(of.words, words), of.others));
  }
  return cycles;
}

}  // namespace quatrain::sim
