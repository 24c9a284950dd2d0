#include "emu/quant/quantizer.hpp"

#include "emu/quant/rules.hpp"

namespace quatrain::emu {

std::unique_ptr<Quantizer> make_quantizer(const QuantizerConfig& config, SimdPath path) {
  return make_fast_quantizer<Fault::none>(config, path);
}

}  // namespace quatrain::emu
