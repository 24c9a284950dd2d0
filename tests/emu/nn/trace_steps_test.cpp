#include "emu/nn/trace_steps.hpp"

#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

namespace quatrain::emu {
namespace {

using Steps = std::set<std::int64_t>;

TEST(TraceSteps, WordsAreTheFirstStepsOfTheirEpochs) {
  EXPECT_EQ(trace_steps("first,middle,last", 3, 938), (Steps{0, 938, 1876}));
  EXPECT_EQ(trace_steps("first,middle,last", 4, 10), (Steps{0, 20, 30}));
  EXPECT_EQ(trace_steps("first,middle,last", 1, 10), (Steps{0}));
  EXPECT_EQ(trace_steps("last", 2, 10), (Steps{10}));
}

TEST(TraceSteps, NumbersInAnyOrder) {
  EXPECT_EQ(trace_steps("19,0,7,7", 2, 10), (Steps{0, 7, 19}));
  EXPECT_EQ(trace_steps("3,last", 2, 10), (Steps{3, 10}));
}

TEST(TraceSteps, OtherWordsAreRefused) {
  for (const std::string word :
       {"", "1,", ",1", "x", "1x", "-1", "+1", " 1", "0x1", "99999999999999999999"}) {
    const std::string part = word == "1," || word == ",1" ? "" : word;
    EXPECT_EQ(
        tests::message_of([&] { trace_steps(word, 2, 10); }),
        "traced steps: '" + part + "'; expected step numbers or first, middle, last, with commas between");
  }
}

TEST(TraceSteps, StepsThatTheRunDoesNotHaveAreRefused) {
  EXPECT_EQ(tests::message_of([] { trace_steps("0,20", 2, 10); }),
            "traced steps: step 20; expected 0..19, the steps of this run");
}

}  // namespace
}  // namespace quatrain::emu
