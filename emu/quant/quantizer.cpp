#include "emu/quant/quantizer.hpp"

#include "emu/quant/luq.hpp"
#include "emu/quant/nearest.hpp"
#include "emu/quant/sawb.hpp"

namespace quatrain::emu {

std::unique_ptr<Quantizer> make_quantizer(const QuantizerConfig& config) {
  const SimdPath path = chosen_path();
  switch (config.rule) {
    case traces::Rule::luq_fp4:
      return std::make_unique<LuqQuantizer<Fault::none>>(config, path);
    case traces::Rule::nearest_fp4:
      return std::make_unique<NearestQuantizer<Fault::none>>(config, path);
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      break;
  }
  return std::make_unique<SawbQuantizer<Fault::none>>(config, path);
}

}  // namespace quatrain::emu
