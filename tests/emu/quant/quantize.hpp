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
  traces::ThreadPool pool(threads);
  emu::QuantizedTensor out;
  out.codes.assign(3, 0xFF);  // memory of another tensor
  out.count = out.sum1 = out.sum2 = 99;
  out.exponent = 99;
  out.scale = out.clip = out.max = out.max_used = 99;
  quantizer.quantize(x, key, maximum, pool, out);
  return out;
}

inline void expect_same(const emu::QuantizedTensor& got, const emu::QuantizedTensor& expected) {
  EXPECT_EQ(got.encoding, expected.encoding);
  EXPECT_EQ(got.max, expected.max);
  EXPECT_EQ(got.max_used, expected.max_used);
  EXPECT_EQ(got.exponent, expected.exponent);
  EXPECT_EQ(got.count, expected.count);
  EXPECT_EQ(got.sum1, expected.sum1);
  EXPECT_EQ(got.sum2, expected.sum2);
  EXPECT_EQ(got.clip, expected.clip);
  EXPECT_EQ(got.scale, expected.scale);
  EXPECT_EQ(got.codes, expected.codes);
}

}  // namespace quatrain::tests
