#include "emu/quant/measure.hpp"

#include "emu/quant/avx2_quantizer_loops.hpp"
#include "emu/quant/wide_quantizer_loops.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

namespace quatrain::emu {
namespace {

constexpr std::int32_t infinity_bits = 0x7F800000;

/// The bits of finite magnitudes are ordered like the magnitudes.
Magnitudes magnitudes_of_piece(std::span<const float> x, SimdPath path) {
  if (has_avx512(path)) return magnitudes_wide(x.data(), x.size());
  if (has_avx2(path)) return magnitudes_avx2(x.data(), x.size());
  Magnitudes result;
  on_path(
      path, [&]() __attribute__((always_inline)) {
        std::int32_t magnitude = 0, below_zero = 0;
        for (const float element : x) {
          const auto bits = std::bit_cast<std::int32_t>(element);
          const std::int32_t absolute = bits & 0x7FFFFFFF;
          magnitude = std::max(magnitude, absolute);
          below_zero |= bits & -absolute;  // the sign bit stays where the magnitude is not zero
        }
        result = {.largest = magnitude, .may_be_below_zero = below_zero < 0};
      });
  return result;
}

bool is_taken(float element, traces::Rule rule) {
  return std::isfinite(element) && (element >= 0 || traces::takes_negative(rule));
}

[[noreturn]] void refuse(std::span<const float> x, std::size_t index, const traces::DrawKey& draws) {
  if (std::isfinite(x[index]))
    throw base::Error("layer {}, step {}: element {} is {}; expected none below zero for sawb_uint4",
                      draws.layer, draws.step, index, x[index]);
  throw base::Error("layer {}, step {}: element {} is {}; expected a finite number", draws.layer, draws.step,
                    index,
                    std::isnan(x[index]) ? "NaN"
                    : x[index] > 0       ? "infinity"
                                         : "-infinity");
}

}  // namespace

Magnitudes magnitudes_of(std::span<const float> x, SimdPath path, base::ThreadPool& pool) {
  std::vector<Magnitudes> pieces(piece_count(x.size()));
  for_pieces(pool, x.size(), piece_elements, [&](std::size_t begin, std::size_t end) {
    pieces[begin / piece_elements] = magnitudes_of_piece(x.subspan(begin, end - begin), path);
  });
  Magnitudes all;
  for (const Magnitudes& piece : pieces) {
    all.largest = std::max(all.largest, piece.largest);
    all.may_be_below_zero |= piece.may_be_below_zero;
  }
  return all;
}

float taken_maximum(std::span<const float> x, const Magnitudes& measured, traces::Rule rule,
                    const traces::DrawKey& draws) {
  if (measured.largest >= infinity_bits || (measured.may_be_below_zero && !traces::takes_negative(rule)))
    return measured_maximum_reference(x, rule, draws);  // names the first one
  return std::bit_cast<float>(measured.largest);
}

float measured_maximum_reference(std::span<const float> x, traces::Rule rule, const traces::DrawKey& draws) {
  float maximum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!is_taken(x[i], rule)) refuse(x, i, draws);
    maximum = std::max(maximum, std::fabs(x[i]));
  }
  return maximum;
}

namespace {

float rounded_up_to_pow2(float used, const traces::DrawKey& draws) {
  if (used > 0x1p127F)
    throw base::Error("layer {}, step {}: maximum out of range: {} is over 2^127, and alpha is pow2",
                      draws.layer, draws.step, used);
  int exponent = 0;
  const float fraction = std::frexp(used, &exponent);  // used = fraction * 2^exponent, fraction in [0.5, 1)
  return std::ldexp(1.0F, fraction == 0.5F ? exponent - 1 : exponent);
}

}  // namespace

Fp4Maximum fp4_maximum(float measured, std::optional<float> given, traces::Alpha alpha,
                       const traces::DrawKey& draws) {
  const float used = given.value_or(measured);
  if (!std::isfinite(used) || used < 0)
    throw base::Error("layer {}, step {}: maximum out of range: {} is not a finite number >= 0", draws.layer,
                      draws.step, used);
  if (used < smallest_maximum) return {used, used};
  switch (alpha) {
    case traces::Alpha::exact:
      return {used, used};
    case traces::Alpha::pow2:
      return {used, rounded_up_to_pow2(used, draws)};
  }
  __builtin_unreachable();
}

Fp4Maximum start_fp4(const QuantizerConfig& config, std::span<const float> x, const Magnitudes& measured,
                     const traces::DrawKey& draws, std::optional<float> given, QuantizedTensor& out) {
  const float largest = taken_maximum(x, measured, config.rule, draws);
  const Fp4Maximum maximum = fp4_maximum(largest, given, config.alpha, draws);
  out = {.encoding = traces::Encoding::fp4_e3m0, .codes = std::move(out.codes)};
  out.codes.resize(x.size());
  out.max = largest;
  out.facts = traces::Fp4Facts{maximum.used};
  out.scale = maximum.used < smallest_maximum ? 0.0F : maximum.rounded * 0x1p-6F;
  if (out.scale == 0) std::fill(out.codes.begin(), out.codes.end(), std::uint8_t{0});
  return maximum;
}

}  // namespace quatrain::emu
