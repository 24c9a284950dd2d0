/// Every accumulator is right, and the output is not: the scale, the order of its products, a rounding.
#include "sim/diagnosis/hypothesis.hpp"

#include <bit>
#include <cmath>

namespace quatrain::sim::diagnosis {
namespace {

float samples_of(const DifferingGemm& gemm) { return static_cast<float>(gemm.right.size()); }
float single_scale(const DifferingGemm& gemm) { return gemm.left.scale * gemm.right[0].scale; }

float neighbour(float value, int steps) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) + static_cast<std::uint32_t>(steps));
}

float flushed(float value) {
  return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0F, value) : value;
}

}  // namespace

const std::vector<OutputClaim>& output_claims() {
  using Gemm = DifferingGemm;
  static const std::vector<OutputClaim> all = {
      {"output.scale_order", "equal (accumulator x left scale) x right scale",
       [](const Gemm& g, std::int32_t a) {
         return static_cast<float>(a) * g.left.scale * g.right[0].scale / samples_of(g);
       }},
      {"output.scale_order", "equal (accumulator x right scale) x left scale",
       [](const Gemm& g, std::int32_t a) {
         return static_cast<float>(a) * g.right[0].scale * g.left.scale / samples_of(g);
       }},
      {"output.samples", "are not divided by the number of samples",
       [](const Gemm& g, std::int32_t a) { return static_cast<float>(a) * single_scale(g); }},
      {"output.samples_last", "are divided by the number of samples last, after the accumulator is scaled",
       [](const Gemm& g, std::int32_t a) { return static_cast<float>(a) * single_scale(g) / samples_of(g); }},
      {"stale.scale", "have the scale of the record before",
       [](const Gemm& g, std::int32_t a) -> std::optional<float> {
         if (g.before == nullptr) return std::nullopt;
         return static_cast<float>(a) * g.before->scale;
       }},
      {"output.unscaled", "are the accumulators without a scale",
       [](const Gemm&, std::int32_t a) { return static_cast<float>(a); }},
      {"output.scale_one_up", "have a scale one unit in the last place too large",
       [](const Gemm& g, std::int32_t a) { return static_cast<float>(a) * neighbour(g.scale, 1); }},
      {"output.scale_one_down", "have a scale one unit in the last place too small",
       [](const Gemm& g, std::int32_t a) { return static_cast<float>(a) * neighbour(g.scale, -1); }},
      {"output.rounded_once", "are rounded once: the accumulator is not rounded to fp32 first",
       [](const Gemm& g, std::int32_t a) {
         return static_cast<float>(static_cast<double>(a) * static_cast<double>(g.scale));
       }},
      {"output.fp64", "are scaled in fp64 and rounded once at the end",
       [](const Gemm& g, std::int32_t a) {
         return static_cast<float>(static_cast<double>(a) * static_cast<double>(g.left.scale) *
                                   static_cast<double>(g.right[0].scale) /
                                   static_cast<double>(g.right.size()));
       }},
      {"output.flushed", "are zero where they should be subnormal",
       [](const Gemm& g, std::int32_t a) { return flushed(static_cast<float>(a) * flushed(g.scale)); }},
      {"output.negative_zero", "have no sign where they are zero",
       [](const Gemm& g, std::int32_t a) { return static_cast<float>(a) * g.scale + 0.0F; }}};
  return all;
}

}  // namespace quatrain::sim::diagnosis
