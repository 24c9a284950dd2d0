#pragma once
/// Every rule, element by element, as numerics.md sections 3 and 4 say it: what the fast quantizers must
/// equal, and the quantizers of emu.naive. On one thread.

#include "emu/quant/measure.hpp"
#include "emu/random/philox.hpp"

#include <cmath>

namespace quatrain::emu {

/// Section 3, step 6, for y = |x| inv and t = (2u + 1) / 2^(r+1).
inline unsigned luq_exponent(float y, float t) {
  if (y >= 64) return 7;
  if (y < 1) return y >= t ? 1 : 0;
  const int q = std::ilogb(y);
  const float g = std::ldexp(y, -q) - 1;
  return static_cast<unsigned>(g >= t ? q + 2 : q + 1);
}

/// The same without a draw: ties go to the even e.
inline unsigned nearest_exponent(float y) {
  if (y >= 64) return 7;
  const int q = y < 1 ? -1 : std::ilogb(y);
  const float g = y < 1 ? y : std::ldexp(y, -q) - 1;
  const unsigned upper = static_cast<unsigned>(q + 2);
  return g > 0.5F || (g == 0.5F && upper % 2 == 0) ? upper : upper - 1;
}

class ReferenceQuantizer final : public Quantizer {
 public:
  explicit ReferenceQuantizer(const QuantizerConfig& config) : config_(config) {}

  const QuantizerConfig& config() const override { return config_; }
  SimdPath path() const override { return SimdPath::portable; }

  void quantize(std::span<const float> x, const traces::DrawKey& key, std::optional<float> maximum,
                base::ThreadPool&, QuantizedTensor& out) const override {
    out = {.encoding = traces::encoding_of(config_.rule), .codes = std::vector<std::uint8_t>(x.size())};
    out.max = measured_maximum_reference(x, config_.rule, key);
    switch (config_.rule) {
      case traces::Rule::sawb_int4:
      case traces::Rule::sawb_uint4:
        quantize_sawb(x, out);
        break;
      case traces::Rule::luq_fp4:
      case traces::Rule::nearest_fp4:
        quantize_fp4(x, key, maximum, out);
        break;
    }
  }

 private:
  void quantize_fp4(std::span<const float> x, const traces::DrawKey& key, std::optional<float> given,
                    QuantizedTensor& out) const {
    const Fp4Maximum maximum = fp4_maximum(out.max, given, config_.alpha, key);
    out.facts = traces::Fp4Facts{maximum.used};
    if (maximum.used < smallest_maximum) return;
    out.scale = maximum.rounded * 0x1p-6F;
    const float inverse = 64 / maximum.rounded;
    const DrawSource draws{
        .seed = key.seed, .stream = Stream::luq, .c1 = key.step, .c2 = key.layer, .c3 = key.sample};
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float magnitude = std::fabs(x[i]);
      const float y = magnitude * inverse;
      const unsigned e =
          traces::info_of(config_.rule).draws ? luq_exponent(y, threshold(draws, i)) : nearest_exponent(y);
      const unsigned sign = std::signbit(x[i]) && e != 0 ? 8 : 0;
      out.codes[i] = static_cast<std::uint8_t>(sign | e);
    }
  }

  float threshold(const DrawSource& draws, std::size_t element) const {
    const unsigned r = config_.random_bits;
    const std::uint32_t u = draws.draw(element, r);
    return static_cast<float>(2 * u + 1) / static_cast<float>(1U << (r + 1));
  }

  void quantize_sawb(std::span<const float> x, QuantizedTensor& out) const {
    traces::SawbFacts& facts = out.facts.emplace<traces::SawbFacts>();
    if (out.max < smallest_maximum) return;
    const bool is_signed = traces::takes_negative(config_.rule);
    std::frexp(out.max, &facts.exponent);
    for (const float element : x) {
      const double units = std::ldexp(double{std::fabs(element)}, 16 - facts.exponent);  // exact
      const auto m = static_cast<std::uint64_t>(std::nearbyint(units));
      facts.sum1 += m;
      facts.sum2 += m * m;
      if (is_signed || m > 0) ++facts.count;
    }
    const auto n = static_cast<double>(facts.count);
    const double a = static_cast<double>(facts.sum2) / n, b = static_cast<double>(facts.sum1) / n;
    const double c = clip_in_units(is_signed ? 12.035 : 11.5, std::sqrt(a), is_signed ? 12.03 : 10.25, b);
    facts.clip = static_cast<float>(std::ldexp(c, facts.exponent - 16));
    const bool comparisons_hold = facts.clip >= smallest_maximum && facts.clip <= out.max;
    if (!comparisons_hold || (is_signed && 2 * c < 3 * b)) facts.clip = out.max;
    const float largest_code = is_signed ? 7 : 15;
    out.scale = facts.clip / largest_code;
    const float inverse = largest_code / facts.clip;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float y = x[i] * inverse;
      const float rounded = std::nearbyint(y);
      const float code = std::fmin(std::fmax(rounded, is_signed ? -largest_code : 0), largest_code);
      out.codes[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(code) & 0xF);
    }
  }

  static double clip_in_units(double c1, double root, double c2, double mean) {
    const double first = c1 * root;
    const double second = c2 * mean;
    return first - second;
  }

  QuantizerConfig config_;
};

}  // namespace quatrain::emu
