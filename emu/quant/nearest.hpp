#pragma once
/// FP4 to the nearest power of two in value, ties to the even e: the control without randomness
/// (numerics.md section 3, last paragraph).

#include "emu/fault.hpp"
#include "emu/quant/fp4_codes.hpp"
#include "emu/quant/measure.hpp"

namespace quatrain::emu {

template <Fault fault>
class NearestQuantizer final : public Quantizer {
 public:
  NearestQuantizer(const QuantizerConfig& config, SimdPath path) : config_(config), path_(path) {}

  const QuantizerConfig& config() const override { return config_; }

  void quantize(std::span<const float> x, const traces::DrawKey& key, std::optional<float> maximum,
                traces::ThreadPool& pool, QuantizedTensor& out) const override {
    const float measured = measured_maximum(x, config_.rule, key, path_, pool);
    const Fp4Maximum m = fp4_maximum(measured, maximum, config_.alpha, key);
    start_fp4(x.size(), measured, m, out);
    if (out.scale == 0) return;
    const float inverse = inverse_of<fault>(m.rounded);
    for_pieces_of(x.size(), pool, [&](std::size_t begin, std::size_t end) {
      for (std::size_t at = begin; at < end; at += fp4_block_elements)
        block(x.subspan(at, std::min(fp4_block_elements, end - at)), out.scale, inverse, &out.codes[at]);
    });
  }

 private:
  /// One half; where the upper e = q + 2 is odd, one unit more. The exponent field of y is q + 127.
  struct Halves {
    [[gnu::always_inline]] std::int32_t at(std::size_t, std::int32_t y_bits) const {
      return (1 << 22) + (fault == Fault::nearest_ties_up ? 0 : (~y_bits >> 23) & 1);
    }
    [[gnu::always_inline]] float below_one(std::size_t) const { return 0.5F; }
  };

  void block(std::span<const float> x, float alpha, float inverse, std::uint8_t* codes) const {
    on_path(
        path_, [&]() __attribute__((always_inline)) {
          fp4_codes<fault, fault == Fault::nearest_ties_up>(x.data(), x.size(), alpha, inverse, Halves(),
                                                            codes);
        });
  }

  QuantizerConfig config_;
  SimdPath path_;
};

}  // namespace quatrain::emu
