#include "emu/quant/quantizer.hpp"

#include "emu/quant/luq.hpp"
#include "emu/quant/nearest.hpp"
#include "emu/quant/sawb.hpp"

#include <cstdlib>

namespace quatrain::emu {

std::unique_ptr<Quantizer> make_quantizer(const QuantizerConfig& config, SimdPath path) {
  switch (config.rule) {
    case traces::Rule::luq_fp4:
      return std::make_unique<LuqQuantizer>(config, path);
    case traces::Rule::nearest_fp4:
      return std::make_unique<NearestQuantizer>(config, path);
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      return std::make_unique<SawbQuantizer>(config, path);
  }
  std::abort();  // a rule of no name
}

}  // namespace quatrain::emu
