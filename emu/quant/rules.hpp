#pragma once
/// The fast quantizer of each rule.

#include "emu/quant/luq.hpp"
#include "emu/quant/nearest.hpp"
#include "emu/quant/sawb.hpp"

namespace quatrain::emu {

template <Fault fault>
std::unique_ptr<Quantizer> make_fast_quantizer(const QuantizerConfig& config, SimdPath path) {
  switch (config.rule) {
    case traces::Rule::luq_fp4:
      return std::make_unique<LuqQuantizer<fault>>(config, path);
    case traces::Rule::nearest_fp4:
      return std::make_unique<NearestQuantizer<fault>>(config, path);
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      break;
  }
  return std::make_unique<SawbQuantizer<fault>>(config, path);
}

}  // namespace quatrain::emu
