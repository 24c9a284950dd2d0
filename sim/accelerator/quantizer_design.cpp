#include "sim/accelerator/quantizer_design.hpp"

#include <cstdlib>

namespace quatrain::sim {

unsigned reads_of(const QuantizerWork& work, const QuantizerDesign& design) {
  switch (work.rule) {
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      return 2;  // sums, which need the finished maximum, and codes, which need the finished sums
    case traces::Rule::luq_fp4:
    case traces::Rule::nearest_fp4:
      break;
  }
  if (!work.measures_maximum) return 1;  // another sample of a tensor that was read before
  switch (design.placement) {
    case QuantizerPlacement::dram:
      return work.maximum_is_known ? 1 : 2;
    case QuantizerPlacement::fused:
      return work.maximum_is_known ? 0 : 1;
  }
  std::abort();
}

unsigned rounds_of(const QuantizerWork& work, const QuantizerDesign& design) {
  return (work.samples + design.groups() - 1) / design.groups();
}

}  // namespace quatrain::sim
