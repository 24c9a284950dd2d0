/// Who comes first of several causes, and what the sentence about it says.
#include "sim/diagnosis/ranking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using sim::diagnosis::Ranking;
using testing::ElementsAre;

TEST(Ranking, OfEqualCausesTheOneWithoutContradictionLeads) {
  Ranking ranking;
  for (int record = 0; record < 3; ++record) ranking.add_record();
  for (const char* cause : {"special", "general"})
    for (int record = 0; record < 2; ++record)
      ranking.explains(cause, cause[0] == 's' ? 1 : 2, "forward", "all 7 different elements are odd");
  ranking.explains("rare", 0, "forward", "one");
  EXPECT_THAT(ranking.diagnosis()->also, ElementsAre("general"));
  ranking.is_contradicted("special");
  const auto diagnosis = ranking.diagnosis();
  EXPECT_EQ(diagnosis->cause, "general");
  EXPECT_EQ(diagnosis->records, 3U);
  EXPECT_EQ(diagnosis->explained, 2U);
  EXPECT_EQ(diagnosis->evidence, "all 7 different elements are odd; it explains 2 of 3 differing records");
  EXPECT_THAT(diagnosis->also, ElementsAre());
}

TEST(Ranking, SaysWhatSpeaksAgainstItsFirst) {
  Ranking ranking;
  ranking.add_record();
  ranking.explains("cause", 1, "forward", "it is so");
  ranking.is_contradicted("cause");
  EXPECT_EQ(ranking.diagnosis()->evidence, "it is so; but 1 equal record should differ too");
  ranking.is_contradicted("cause");
  EXPECT_EQ(ranking.diagnosis()->evidence, "it is so; but 2 equal records should differ too");
}

TEST(Ranking, NamesNoCauseWithoutOne) {
  Ranking ranking;
  EXPECT_FALSE(ranking.diagnosis());
  ranking.add_record();
  EXPECT_EQ(ranking.diagnosis()->cause, "unknown");
  EXPECT_EQ(ranking.diagnosis()->evidence, "no known mistake gives the bits of 1 differing record");
}

}  // namespace
}  // namespace quatrain::tests
