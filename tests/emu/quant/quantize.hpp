#pragma once
/// Calls quantizers of emu/quant and compares all that they say.

#include "emu/quant/quantizer.hpp"
#include "emu/quant/reference.hpp"
#include "traces/encoding/nibbles.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {

inline emu::QuantizedTensor quantized(const emu::Quantizer& quantizer, std::span<const float> x,
                                      const traces::DrawKey& key = {}, std::optional<float> maximum = {},
                                      unsigned threads = 1) {
  base::ThreadPool pool(threads);
  emu::QuantizedTensor out;
  out.codes.assign(3, 0xFF);  // memory of another tensor
  out.scale = out.max = 99;
  out.facts = traces::SawbFacts{.exponent = 99, .count = 99, .sum1 = 99, .sum2 = 99, .clip = 99};
  quantizer.quantize(x, key, maximum, pool, out);
  return out;
}

inline const traces::SawbFacts& sawb_facts(const emu::QuantizedTensor& tensor) {
  return std::get<traces::SawbFacts>(tensor.facts);
}

inline void expect_same(const emu::QuantizedTensor& got, const emu::QuantizedTensor& expected) {
  EXPECT_EQ(got.encoding, expected.encoding);
  EXPECT_EQ(got.max, expected.max);
  EXPECT_EQ(got.facts, expected.facts);
  EXPECT_EQ(got.scale, expected.scale);
  EXPECT_EQ(got.codes, expected.codes);
}

}  // namespace quatrain::tests
