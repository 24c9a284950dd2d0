#pragma once
/// LUQ: logarithmic stochastic rounding to FP4 with stochastic underflow (numerics.md section 3;
/// arXiv 2112.10769). One draw an element decides both.

#include "emu/quant/avx2_quantizer_loops.hpp"
#include "emu/quant/fp4_codes.hpp"
#include "emu/quant/measure.hpp"
#include "emu/quant/wide_quantizer_loops.hpp"
#include "emu/random/philox.hpp"

#include <cassert>

namespace quatrain::emu {

/// Words with the draws of `bits` bits for the elements first .. first + count - 1, to a multiple of 32
/// draws; first: a multiple of 32.
struct DrawWords {
  DrawWords(const DrawSource& source, unsigned bits, std::size_t first, std::size_t count, SimdPath path) {
    const std::size_t draws_per_block = 128 / bits;
    const std::size_t blocks = (count + 31) / 32 * 32 / draws_per_block;
    source.fill(static_cast<std::uint32_t>(first / draws_per_block), {words, 4 * blocks}, path);
  }
  std::uint32_t words[fp4_block_elements / 2];  // of 16 bits
};

/// The first `count` draws of `bits` bits in the words.
inline void cut_draws(const std::uint32_t* words, unsigned bits, std::size_t count, std::uint16_t* draws) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(words);  // little-endian: bit 0 first
  if (bits == 16)
    for (std::size_t i = 0; i < count; ++i)
      draws[i] = static_cast<std::uint16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
  else if (bits == 8)
    for (std::size_t i = 0; i < count; ++i) draws[i] = bytes[i];
  else
    for (std::size_t i = 0; i < count; ++i)
      draws[i] = static_cast<std::uint16_t>(bytes[i / 2] >> (i % 2 * 4) & 0xF);
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

/// Codes of x, one per byte, from the words with their draws; count <= fp4_block_elements.
inline void luq_codes(const float* x, std::size_t count, float inverse, unsigned bits,
                      const std::uint32_t* words, SimdPath path, std::uint8_t* codes) {
  if (has_avx512(path)) return luq_codes_wide(x, count, inverse, bits, words, codes);
  if (has_avx2(path)) return luq_codes_avx2(x, count, inverse, bits, words, codes);
  std::uint16_t draws[fp4_block_elements];
  cut_draws(words, bits, count, draws);
  const DrawnThresholds drawn{draws, static_cast<int>(22 - bits)};
  fp4_codes<true>(x, count, inverse, drawn, codes);
}

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
                   const DrawWords draws(source, config_.random_bits, first, some.size(), path_);
                   luq_codes(some.data(), some.size(), inverse, config_.random_bits, draws.words, path_,
                             codes);
                 });
  }

 private:
  QuantizerConfig config_;
  SimdPath path_;
};

}  // namespace quatrain::emu
