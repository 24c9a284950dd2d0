#pragma once
/// One recipe that turns an fp32 tensor into 4-bit codes and a scale (numerics.md sections 3 and 4).

#include "emu/quant/magnitudes.hpp"
#include "emu/simd/dispatch.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace quatrain::emu {

/// Codes one per byte, and what a quantizer record says of them.
struct QuantizedTensor {
  traces::Encoding encoding = traces::Encoding::int4;
  std::vector<std::uint8_t> codes;
  float scale = 0;
  float max = 0;
  traces::QuantizerFacts facts = {};  ///< the kind follows from the rule
};

struct QuantizerConfig {
  traces::Rule rule = traces::Rule::sawb_int4;
  unsigned random_bits = 16;                   ///< luq_fp4: 4, 8 or 16
  traces::Alpha alpha = traces::Alpha::exact;  ///< luq_fp4, nearest_fp4
};

/// Equal (x, draws, maximum) give equal codes for any thread count and SIMD width.
class Quantizer {
 public:
  virtual ~Quantizer() = default;
  virtual const QuantizerConfig& config() const = 0;
  /// The instructions that its loops use.
  virtual SimdPath path() const = 0;
  /// x: n >= 1 elements, row-major; `maximum`: M given from outside (hindsight), for the FP4 rules only.
  /// Below 2^-100 it gives zero codes: whoever estimates puts max |x| in its place first (numerics.md
  /// section 3.1). Reuses the memory of `out`. Throws base::Error for NaN, infinity, a negative element of
  /// sawb_uint4, or a maximum out of range; the message names step and layer from `draws` and the flat index.
  virtual void quantize(std::span<const float> x, const traces::DrawKey& draws, std::optional<float> maximum,
                        base::ThreadPool& pool, QuantizedTensor& out) const = 0;
  /// The same, where whoever made x has found its magnitudes in passing.
  virtual void quantize_measured(std::span<const float> x, const Magnitudes&, const traces::DrawKey& draws,
                                 std::optional<float> maximum, base::ThreadPool& pool,
                                 QuantizedTensor& out) const {
    quantize(x, draws, maximum, pool, out);
  }
};

std::unique_ptr<Quantizer> make_quantizer(const QuantizerConfig& config, SimdPath path);

}  // namespace quatrain::emu
