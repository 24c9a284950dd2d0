/// What every machine asks of its tasks before it looks at them.
#include "traces/machine.hpp"

#include "tests/support/message_of.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace quatrain::traces;
using quatrain::tests::message_of;

/// A linear layer: forward is batch x in by in x out.
Gemm linear(Phase phase, std::int64_t batch, std::int64_t in, std::int64_t out) {
  return {phase, {.batch = batch, .in_channels = in, .out_channels = out}};
}

struct Operands {
  std::vector<std::uint8_t> left_codes, right_codes;
  Operand left;
  std::vector<Operand> right;
  Operands(const Gemm& gemm, Encoding left_encoding, Encoding right_encoding, std::size_t samples)
      : left_codes(packed_size(static_cast<std::size_t>(left_elements(gemm.phase, gemm.geometry)))),
        right_codes(packed_size(static_cast<std::size_t>(right_elements(gemm.phase, gemm.geometry)))),
        left{left_encoding, 0.5F, left_codes},
        right(samples, Operand{right_encoding, 0.25F, right_codes}) {}
};

std::string complaint(const Gemm& gemm, Encoding left, Encoding right, std::size_t samples) {
  const Operands operands(gemm, left, right, samples);
  return message_of([&] { check_operands(gemm, operands.left, operands.right); });
}

TEST(CheckOperands, SamplesAreOneToSixteen) {
  const Gemm gemm = linear(Phase::backward_weight, 3, 5, 7);
  for (std::size_t samples = 0; samples <= 40; ++samples) {
    const bool is_legal = samples >= 1 && samples <= 16;
    EXPECT_EQ(
        complaint(gemm, Encoding::int4, Encoding::fp4_e3m0, samples),
        is_legal ? "nothing was thrown" : fmt::format("{} samples on the right; expected 1 to 16", samples));
  }
  for (const Phase phase : {Phase::forward, Phase::backward_data})
    EXPECT_EQ(complaint(linear(phase, 3, 5, 7), Encoding::int4, Encoding::int4, 2),
              "2 right operands; expected 1, or more in backward_weight");
}

TEST(CheckOperands, SizesAndSamplesFit) {
  const Gemm gemm = linear(Phase::backward_weight, 3, 5, 7);  // X 3 x 5, dZ 3 x 7
  Operands short_left(gemm, Encoding::int4, Encoding::fp4_e3m0, 2);
  short_left.left.codes = short_left.left.codes.first(7);
  EXPECT_EQ(message_of([&] { check_operands(gemm, short_left.left, short_left.right); }),
            "left operand: 7 bytes of codes; expected 8 for 15 elements");
  Operands short_right(gemm, Encoding::int4, Encoding::fp4_e3m0, 2);
  short_right.right[1].codes = short_right.right[1].codes.first(10);
  EXPECT_EQ(message_of([&] { check_operands(gemm, short_right.left, short_right.right); }),
            "right operand: 10 bytes of codes; expected 11 for 21 elements");
  Operands other_scale(gemm, Encoding::int4, Encoding::fp4_e3m0, 2);
  other_scale.right[1].scale = 0.75F;
  EXPECT_EQ(
      message_of([&] { check_operands(gemm, other_scale.left, other_scale.right); }),
      "right operand: a sample is fp4_e3m0 with scale 0.75; expected fp4_e3m0 with scale 0.25, as the first");
  Operands other_encoding(gemm, Encoding::int4, Encoding::fp4_e3m0, 2);
  other_encoding.right[1].encoding = Encoding::int4;
  EXPECT_EQ(
      message_of([&] { check_operands(gemm, other_encoding.left, other_encoding.right); }),
      "right operand: a sample is int4 with scale 0.25; expected fp4_e3m0 with scale 0.25, as the first");
}

/// 2^31 - 1 over the largest product of two codes and the samples, by hand: 49, 105, 448, 960.
TEST(CheckOperands, BoundOfInt32IsExact) {
  struct Bound {
    Encoding left, right;
    std::size_t samples;
    std::int64_t most;
  };
  for (const Bound& bound : {Bound{Encoding::int4, Encoding::int4, 1, 43826196},
                             Bound{Encoding::uint4, Encoding::int4, 1, 20452225},
                             Bound{Encoding::fp4_e3m0, Encoding::int4, 1, 4793490},
                             Bound{Encoding::int4, Encoding::fp4_e3m0, 1, 4793490},
                             Bound{Encoding::uint4, Encoding::fp4_e3m0, 1, 2236962},
                             Bound{Encoding::uint4, Encoding::fp4_e3m0, 2, 1118481},
                             Bound{Encoding::uint4, Encoding::fp4_e3m0, 16, 139810}}) {
    EXPECT_EQ(inexact_sum({1, 1, bound.most, 1}, bound.left, bound.right, bound.samples), std::nullopt);
    EXPECT_EQ(
        inexact_sum({1, 1, bound.most + 1, 1}, bound.left, bound.right, bound.samples),
        fmt::format("k is {} with {} sample(s) of {} x {}; expected at most {}, so that every sum fits int32",
                    bound.most + 1, bound.samples, name_of(bound.left), name_of(bound.right), bound.most));
  }
}

TEST(CheckOperands, BoundOfInt32IsAsked) {
  EXPECT_EQ(complaint(linear(Phase::forward, 1, 20452225, 1), Encoding::uint4, Encoding::int4, 1),
            "nothing was thrown");
  EXPECT_EQ(
      complaint(linear(Phase::forward, 1, 20452226, 1), Encoding::uint4, Encoding::int4, 1),
      "k is 20452226 with 1 sample(s) of uint4 x int4; expected at most 20452225, so that every sum fits "
      "int32");
  EXPECT_EQ(
      complaint(linear(Phase::backward_weight, 139811, 1, 1), Encoding::uint4, Encoding::fp4_e3m0, 16),
      "k is 139811 with 16 sample(s) of uint4 x fp4_e3m0; expected at most 139810, so that every sum fits "
      "int32");
}

TEST(CheckTask, RandomBits) {
  QuantizerTask task{.rule = Rule::luq_fp4, .source = {}, .draws = {.step = 3, .layer = 5}, .maximum = {}};
  for (unsigned bits = 0; bits <= 33; ++bits) {
    task.random_bits = bits;
    const bool is_legal = bits == 4 || bits == 8 || bits == 16;
    EXPECT_EQ(message_of([&] { check_task(task); }),
              is_legal ? "nothing was thrown"
                       : fmt::format("step 3, layer 5: {} random bits; expected 4, 8 or 16", bits));
  }
  task.random_bits = 3;
  for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4, Rule::nearest_fp4}) {
    task.rule = rule;
    EXPECT_EQ(message_of([&] { check_task(task); }), "nothing was thrown");
  }
}

}  // namespace
