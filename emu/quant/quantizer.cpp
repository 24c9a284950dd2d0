#include "emu/quant/quantizer.hpp"

#include "emu/quant/rules.hpp"

namespace quatrain::emu {

std::unique_ptr<Quantizer> make_quantizer(const QuantizerConfig& config) {
  return make_fast_quantizer<Fault::none>(config, chosen_path());
}

}  // namespace quatrain::emu
