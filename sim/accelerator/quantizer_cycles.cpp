#include "sim/accelerator/quantizer_cycles.hpp"

#include "sim/accelerator/checked.hpp"

#include <cstdlib>

namespace quatrain::sim {
namespace {

/// Passes over all words of a tensor, and the cycles beside them: stages to fill, digits of scale and inv.
struct PassCycles {
  std::uint64_t passes, others;
};

PassCycles passes_of(const QuantizerWork& work) {
  switch (work.rule) {
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      return {3, 395};
    case traces::Rule::luq_fp4:
    case traces::Rule::nearest_fp4:
      if (work.passes() == 1) return {1, 30};
      return {2, 31};
  }
  std::abort();
}

}  // namespace

std::uint64_t quantizer_cycles(std::span<const QuantizerWork> quantizers, unsigned lanes) {
  std::uint64_t cycles = 0;
  for (const QuantizerWork& work : quantizers) {
    const PassCycles of = passes_of(work);
    cycles = checked_sum(
        cycles, checked_sum(checked_product(of.passes, (work.elements + lanes - 1) / lanes), of.others));
  }
  return cycles;
}

}  // namespace quatrain::sim
