#pragma once
/// LUQ: logarithmic stochastic rounding to FP4 with stochastic underflow (numerics.md section 3;
/// arXiv 2112.10769). One draw an element decides both.

#include "emu/quant/fp4_codes.hpp"
#include "emu/quant/measure.hpp"
#include "emu/quant/wide_quantizer_loops.hpp"
#include "emu/random/philox.hpp"

#include <cassert>

namespace quatrain::emu {

/// Words with the draws of `bits` bits for the elements first .. first + count - 1; first: a multiple of 32.
struct DrawWords {
  DrawWords(const DrawSource& source, unsigned bits, std::size_t first, std::size_t count, SimdPath path) {
    const std::size_t draws_per_block = 128 / bits;
    const std::size_t blocks = (count + draws_per_block - 1) / draws_per_block;
    source.fill(static_cast<std::uint32_t>(first / draws_per_block), {words, 4 * blocks}, path);
  }
  std::uint32_t words[4 * ((fp4_block_elements + 32) / 8)];  // 16 bits: 8 draws per block
};

/// Draws of `bits` bits for the elements first .. first + count - 1; first: a multiple of 32.
inline void fill_draws(const DrawSource& source, unsigned bits, std::size_t first, std::size_t count,
                       SimdPath path, std::uint16_t* draws) {
  const DrawWords of(source, bits, first, count, path);
  on_path(
      path, [&]() __attribute__((always_inline)) {
        const auto* const bytes =
            reinterpret_cast<const std::uint8_t*>(of.words);  // little-endian: bit 0 first
        if (bits == 16)
          for (std::size_t i = 0; i < count; ++i)
            draws[i] = static_cast<std::uint16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
        else if (bits == 8)
          for (std::size_t i = 0; i < count; ++i) draws[i] = bytes[i];
        else
          for (std::size_t i = 0; i < count; ++i)
            draws[i] = static_cast<std::uint16_t>(bytes[i / 2] >> (i % 2 * 4) & 0xF);
      });
}

/// t = (2u + 1) / 2^(r + 1) of each element, in units of 2^-23; shift = 22 - r.
struct DrawnThresholds {
  const std::uint16_t* draws;
  int shift;
  [[gnu::always_inline]] std::int32_t at(std::size_t i, std::int32_t = 0) const {
    return (2 * static_cast<std::int32_t>(draws[i]) + 1) << shift;
  }
  [[gnu::always_inline]] float below_one(std::size_t i) const { return static_cast<float>(at(i)) * 0x1p-23F; }
};

class LuqQuantizer final : public Quantizer {
 public:
  LuqQuantizer(const QuantizerConfig& config, SimdPath path) : config_(config), path_(path) {
    assert((config.random_bits == 4 || config.random_bits == 8 || config.random_bits == 16) &&
           "a draw has 4, 8 or 16 bits");
  }

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
    const DrawSource source{
        .seed = key.seed, .stream = Stream::luq, .c1 = key.step, .c2 = key.layer, .c3 = key.sample};
    quantize_fp4(x, used, pool, out,
                 [&](std::size_t first, std::span<const float> some, float inverse, std::uint8_t* codes) {
                   block(source, first, some, inverse, codes);
                 });
  }

 private:
  void block(const DrawSource& source, std::size_t first, std::span<const float> x, float inverse,
             std::uint8_t* codes) const {
    if (has_avx512(path_)) {
      const DrawWords draws(source, config_.random_bits, first, x.size(), path_);
      return luq_codes_wide(x.data(), x.size(), inverse, config_.random_bits, draws.words, codes);
    }
    std::uint16_t draws[fp4_block_elements];
    fill_draws(source, config_.random_bits, first, x.size(), path_, draws);
    const DrawnThresholds drawn{draws, static_cast<int>(22 - config_.random_bits)};
    on_path(
        path_, [&]() __attribute__((always_inline)) {
          fp4_codes<true>(x.data(), x.size(), inverse, drawn, codes);
        });
  }

  QuantizerConfig config_;
  SimdPath path_;
};

}  // namespace quatrain::emu
