#include "emu/quant/nearest.hpp"

#include "tests/emu/quant/quantize.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

TEST(Nearest, TiesGoToTheEvenExponentAndNothingElseDoes) {
  // alpha = 1. Even e: 2, 8, 32 and zero.
  struct Case {
    float x;
    int value;
  };
  const Case cases[] = {{64, 64},    {0.5F, 0},     {0x1.000002p-1F, 1}, {-0.5F, 0}, {1.5F, 2},
                        {1, 1},      {3, 2},        {0x1.800002p1F, 4},  {-3, -2},   {6, 8},
                        {5.75F, 4},  {12, 8},       {12.5F, 16},         {24, 32},   {48, 32},
                        {48.5F, 64}, {-63.9F, -64}, {0.25F, 0},          {0.75F, 1}, {0x1.7ffffep1F, 2}};
  for (const emu::SimdPath path : emu::supported_paths()) {
    std::vector<float> x;
    for (const Case& c : cases) x.push_back(c.x);
    const auto out =
        quantized(*emu::make_quantizer({traces::Rule::nearest_fp4, 0, traces::Alpha::exact}, path), x);
    EXPECT_EQ(out.scale, 1.0F);
    for (std::size_t i = 0; i < x.size(); ++i)
      EXPECT_EQ(traces::fp4_e3m0_values[out.codes[i]], cases[i].value) << x[i];
  }
}

}  // namespace
}  // namespace quatrain::tests
