#pragma once
/// SAWB: fp32 to INT4 or UINT4 with a clip from the tensor's first two moments (numerics.md section 4; the
/// published coefficients for INT4). The moments are integers, so their sums do not depend on any order.

#include "emu/quant/avx2_quantizer_loops.hpp"
#include "emu/quant/measure.hpp"
#include "emu/quant/sawb_sums.hpp"
#include "emu/quant/wide_quantizer_loops.hpp"

#include <algorithm>
#include <cmath>

namespace quatrain::emu {

/// C of numerics.md section 4, step 5, in units of 2^(p - 16).
inline double sawb_clip(bool is_signed, double mean_square, double mean) {
  const double c1 = is_signed ? 12.035 : 11.5, c2 = is_signed ? 12.03 : 10.25;
  const double root = std::sqrt(mean_square);
  const double first = c1 * root, second = c2 * mean;
  return first - second;
}

/// p with 2^(p-1) <= maximum < 2^p.
inline int sawb_exponent(float maximum) {
  int exponent = 0;
  std::frexp(maximum, &exponent);
  return exponent;
}

/// What turns x into a code.
struct SawbScale {
  float inverse = 0;
  float lowest = 0, highest = 0;  ///< codes' values
};

inline constexpr std::size_t sawb_block_elements = 1024;

/// count <= sawb_block_elements; codes: one per byte.
inline void sawb_codes(const float* x, std::size_t count, SawbScale by, std::uint8_t* codes) {
  constexpr float magic = 0x1.8p23F;  // adding it rounds half to even; clamped first: |x * inverse| is large
  std::int32_t wide[sawb_block_elements];
  for (std::size_t i = 0; i < count; ++i) {
    float y = x[i] * by.inverse;
    y = y < by.lowest ? by.lowest : y;
    y = y > by.highest ? by.highest : y;
    wide[i] = static_cast<std::int32_t>((y + magic) - magic);
  }
  for (std::size_t i = 0; i < count; ++i) codes[i] = static_cast<std::uint8_t>(wide[i] & 0xF);
}

class SawbQuantizer final : public Quantizer {
 public:
  SawbQuantizer(const QuantizerConfig& config, SimdPath path) : config_(config), path_(path) {}

  const QuantizerConfig& config() const override { return config_; }
  SimdPath path() const override { return path_; }

  void quantize(std::span<const float> x, const traces::DrawKey& key, std::optional<float> maximum,
                base::ThreadPool& pool, QuantizedTensor& out) const override {
    quantize_measured(x, magnitudes_of(x, path_, pool), key, maximum, pool, out);
  }
  void quantize_measured(std::span<const float> x, const Magnitudes& measured, const traces::DrawKey& key,
                         std::optional<float>, base::ThreadPool& pool, QuantizedTensor& out) const override {
    const bool is_signed = traces::takes_negative(config_.rule);
    out = {.encoding = traces::encoding_of(config_.rule), .codes = std::move(out.codes)};
    out.codes.resize(x.size());
    out.max = taken_maximum(x, measured, config_.rule, key);
    if (out.max < smallest_maximum) {
      std::fill(out.codes.begin(), out.codes.end(), std::uint8_t{0});
      return;
    }
    traces::SawbFacts& facts = out.facts.emplace<traces::SawbFacts>();
    facts.exponent = sawb_exponent(out.max);
    add_sums(x, out.max, pool, facts);
    set_clip(is_signed, out.max, facts);
    const float largest_code = is_signed ? 7.0F : 15.0F;
    out.scale = facts.clip / largest_code;
    const SawbScale by{largest_code / facts.clip, is_signed ? -largest_code : 0.0F, largest_code};
    for_pieces(pool, x.size(), piece_elements, [&](std::size_t begin, std::size_t end) {
      if (has_avx512(path_))
        return sawb_codes_wide(&x[begin], end - begin, by.inverse, by.lowest, by.highest, &out.codes[begin]);
      if (has_avx2(path_))
        return sawb_codes_avx2(&x[begin], end - begin, by.inverse, by.lowest, by.highest, &out.codes[begin]);
      for (std::size_t at = begin; at < end; at += sawb_block_elements)
        sawb_codes(&x[at], std::min(sawb_block_elements, end - at), by, &out.codes[at]);
    });
  }

 private:
  void add_sums(std::span<const float> x, float largest, base::ThreadPool& pool,
                traces::SawbFacts& facts) const {
    const float to_units = std::ldexp(1.0F, 16 - facts.exponent);  // 2^-112 .. 2^115
    std::vector<SawbSums> pieces(piece_count(x.size()));
    for_pieces(pool, x.size(), piece_elements, [&](std::size_t begin, std::size_t end) {
      pieces[begin / piece_elements] = sawb_sums(x.subspan(begin, end - begin), largest, to_units, path_);
    });
    std::uint64_t above_zero = 0;
    for (const SawbSums& piece : pieces) {
      facts.sum1 += piece.sum1;
      facts.sum2 += piece.sum2;
      above_zero += piece.above_zero;
    }
    facts.count = traces::takes_negative(config_.rule) ? x.size() : above_zero;
  }

  static void set_clip(bool is_signed, float max, traces::SawbFacts& facts) {
    const auto count = static_cast<double>(facts.count);
    const double mean_square = static_cast<double>(facts.sum2) / count;
    const double mean = static_cast<double>(facts.sum1) / count;
    const double c = sawb_clip(is_signed, mean_square, mean);
    facts.clip = static_cast<float>(c * std::ldexp(1.0, facts.exponent - 16));
    const bool is_in_range = facts.clip >= smallest_maximum && facts.clip <= max;
    const bool is_nearly_constant = is_signed && 2.0 * c < 3.0 * mean;
    if (!is_in_range || is_nearly_constant) facts.clip = max;
  }

  QuantizerConfig config_;
  SimdPath path_;
};

}  // namespace quatrain::emu
