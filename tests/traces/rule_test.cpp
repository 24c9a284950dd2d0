/// Facts of rules, phases and roles against the tables of numerics.md, typed by hand; every word comes back.
#include "traces/rule.hpp"

#include "traces/base/enumeration.hpp"
#include "traces/format/record.hpp"
#include "traces/format/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace quatrain::traces;
using testing::ElementsAre;

template <typename Enumeration>
void expect_words_come_back() {
  for (const Enumeration one : quatrain::base::all_of<Enumeration>)
    EXPECT_EQ(quatrain::base::named<Enumeration>(name_of(one)), one);
  EXPECT_EQ(quatrain::base::named<Enumeration>(""), std::nullopt);
  EXPECT_EQ(quatrain::base::named<Enumeration>("Forward"), std::nullopt);
}

TEST(Words, AreThoseOfTheFormat) {
  EXPECT_THAT(quatrain::base::words_of<Encoding>, ElementsAre("fp32", "int32", "int4", "uint4", "fp4_e3m0"));
  EXPECT_THAT(quatrain::base::words_of<Rule>,
              ElementsAre("sawb_int4", "sawb_uint4", "luq_fp4", "nearest_fp4"));
  EXPECT_THAT(quatrain::base::words_of<Alpha>, ElementsAre("exact", "pow2"));
  EXPECT_THAT(quatrain::base::words_of<Role>, ElementsAre("input", "weight", "gradient"));
  EXPECT_THAT(quatrain::base::words_of<Phase>, ElementsAre("forward", "backward_data", "backward_weight"));
  EXPECT_THAT(quatrain::base::words_of<Pass>, ElementsAre("train", "evaluation"));
  EXPECT_THAT(quatrain::base::words_of<Maximum>, ElementsAre("measured", "hindsight"));
  EXPECT_THAT(quatrain::base::words_of<LayerKind>, ElementsAre("conv2d", "linear"));
  EXPECT_THAT(quatrain::base::words_of<StoredType>, ElementsAre("F32", "I32", "U8"));
  expect_words_come_back<Encoding>();
  expect_words_come_back<Rule>();
  expect_words_come_back<Phase>();
}

TEST(Rules, EncodingRolesAndDraws) {
  struct Row {
    Rule rule;
    Encoding encoding;
    bool input, weight, gradient, draws, is_sawb;
  };
  for (const Row& row : {Row{Rule::sawb_int4, Encoding::int4, true, true, false, false, true},
                         Row{Rule::sawb_uint4, Encoding::uint4, true, false, false, false, true},
                         Row{Rule::luq_fp4, Encoding::fp4_e3m0, false, false, true, true, false},
                         Row{Rule::nearest_fp4, Encoding::fp4_e3m0, false, false, true, false, false}}) {
    SCOPED_TRACE(name_of(row.rule));
    EXPECT_EQ(encoding_of(row.rule), row.encoding);
    EXPECT_EQ(serves(row.rule, Role::input), row.input);
    EXPECT_EQ(serves(row.rule, Role::weight), row.weight);
    EXPECT_EQ(serves(row.rule, Role::gradient), row.gradient);
    EXPECT_EQ(info_of(row.rule).draws, row.draws);
    EXPECT_EQ(std::holds_alternative<SawbFacts>(info_of(row.rule).facts), row.is_sawb);
  }
}

TEST(Phases, OperandsAndResult) {
  const auto roles = [](Phase phase) {
    const PhaseInfo info = info_of(phase);
    return std::array{info.left, info.right, info.result};
  };
  EXPECT_THAT(roles(Phase::forward), ElementsAre(Role::input, Role::weight, Role::gradient));
  EXPECT_THAT(roles(Phase::backward_data), ElementsAre(Role::gradient, Role::weight, Role::input));
  EXPECT_THAT(roles(Phase::backward_weight), ElementsAre(Role::input, Role::gradient, Role::weight));
}

TEST(Counts, OfRandomBitsAndSamples) {
  for (std::int64_t count = -16; count <= 64; ++count) {
    EXPECT_EQ(is_random_bit_count(count), count == 4 || count == 8 || count == 16);
    EXPECT_EQ(is_sample_count(count), count >= 1 && count <= 16);
  }
}

}  // namespace
