#pragma once
/// FP4 to the nearest power of two in value, ties to the even e: the control without randomness
/// (numerics.md section 3, last paragraph).

#include "emu/quant/avx2_quantizer_loops.hpp"
#include "emu/quant/fp4_codes.hpp"
#include "emu/quant/measure.hpp"

namespace quatrain::emu {

class NearestQuantizer final : public Quantizer {
 public:
  NearestQuantizer(const QuantizerConfig& config, SimdPath path) : config_(config), path_(path) {}

  const QuantizerConfig& config() const override { return config_; }
  SimdPath path() const override { return path_; }

  void quantize(std::span<const float> x, const traces::DrawKey& key, std::optional<float> maximum,
                base::ThreadPool& pool, QuantizedTensor& out) const override {
    quantize_measured(x, magnitudes_of(x, path_, pool), key, maximum, pool, out);
  }
  void quantize_measured(std::span<const float> x, const Magnitudes& measured, const traces::DrawKey& key,
                         std::optional<float> maximum, base::ThreadPool& pool,
                         QuantizedTensor& out) const override {
    const Fp4Maximum used = start_fp4(config_, x, measured, key, maximum, out);
    quantize_fp4(x, used, pool, out,
                 [&](std::size_t, std::span<const float> some, float inverse, std::uint8_t* codes) {
                   if (path_ == SimdPath::avx2)
                     return nearest_codes_avx2(some.data(), some.size(), inverse, codes);
                   on_path(
                       path_, [&]() __attribute__((always_inline)) {
                         fp4_codes<false>(some.data(), some.size(), inverse, Halves(), codes);
                       });
                 });
  }

 private:
  /// One half; where the upper e = q + 2 is odd, one unit more. The exponent field of y is q + 127.
  struct Halves {
    [[gnu::always_inline]] std::int32_t at(std::size_t, std::int32_t y_bits) const {
      return (1 << 22) + ((~y_bits >> 23) & 1);
    }
    [[gnu::always_inline]] float below_one(std::size_t) const { return 0.5F; }
  };

  QuantizerConfig config_;
  SimdPath path_;
};

}  // namespace quatrain::emu
