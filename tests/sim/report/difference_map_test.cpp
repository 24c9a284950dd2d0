#include "sim/report/difference_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace quatrain::sim::report {
namespace {

using testing::HasSubstr;

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// 20 rows x 6 columns, two rows in a cell; 5 different elements in one cell and 1 in another.
diagnosis::Pattern pattern() {
  diagnosis::Pattern pattern{.record = "0/train/conv<1>/forward", .of = "accumulators"};
  pattern.elements = 120;
  pattern.different = 6;
  pattern.groups = {1, 0, 0, 1, 0, {}};
  pattern.rows = {20, 4, 19, 3, 0, {}};
  pattern.columns = {6, 2, 5, 3, 0, {}};
  pattern.too_large = 6;
  pattern.smallest = pattern.largest = "1";
  pattern.map = {.rows = 10,
                 .columns = 3,
                 .rows_a_cell = 2,
                 .columns_a_cell = 2,
                 .counts = std::vector<std::uint64_t>(30)};
  pattern.map.counts[2 * 3 + 1] = 5;
  pattern.map.counts[9 * 3 + 2] = 1;
  return pattern;
}

CrossCheck check() {
  CrossCheck check;
  check.machines.resize(2);
  check.machines[0].name = "kernel.mine";
  check.machines[0].gemm_differences.pattern = pattern();
  check.machines[0].gemm_differences.diagnosis =
      diagnosis::Diagnosis{.cause = "k_tail.8",
                           .evidence = "all 6 different elements ...",
                           .records = 1,
                           .explained = 1,
                           .also = {}};
  check.machines[1].name = "emu.naive";
  return check;
}

TEST(DifferenceMap, TablesAndMapStandForMachinesThatDiffer) {
  Section section;
  add_differences(check(), section);
  ASSERT_EQ(section.tables.size(), 2U);
  ASSERT_EQ(section.tables[0].rows.size(), 1U);
  EXPECT_EQ(section.tables[0].rows[0][0].text, "kernel.mine");
  EXPECT_EQ(section.tables[0].rows[0][1].text, "0/train/conv<1>/forward");
  EXPECT_THAT(section.tables[0].rows[0][2].text, HasSubstr("6 of 120 accumulators differ"));
  ASSERT_EQ(section.tables[1].rows.size(), 1U);
  EXPECT_EQ(section.tables[1].rows[0][1].text, "GEMMs");
  EXPECT_EQ(section.tables[1].rows[0][2].text, "k_tail.8");
  EXPECT_EQ(section.tables[1].rows[0][3].text, "all 6 different elements ...");
  ASSERT_EQ(section.maps.size(), 1U);
  EXPECT_EQ(section.maps[0].rows, 20);
  EXPECT_EQ(section.maps[0].columns, 6);
}

TEST(DifferenceMap, EqualMachinesHaveNothing) {
  Section section;
  CrossCheck equal;
  equal.machines.resize(1);
  add_differences(equal, section);
  EXPECT_TRUE(section.tables.empty());
  EXPECT_TRUE(section.maps.empty());
}

TEST(DifferenceMap, ASquareForEachCellWithItsPlaceAndCount) {
  Section section;
  add_differences(check(), section);
  const std::string html = render_map(section.maps.at(0));
  EXPECT_EQ(count_of(html, "<rect "), 30U);
  EXPECT_EQ(count_of(html, "fill-opacity=\"0.00\""), 28U);
  EXPECT_THAT(
      html,
      HasSubstr(
          "<rect x=\"12\" y=\"24\" width=\"11\" height=\"11\" fill-opacity=\"1.00\"><title>row m 4 to 5, "
          "column n 2 to 3: 5 different</title></rect>"));
  EXPECT_THAT(html,
              HasSubstr("fill-opacity=\"0.36\"><title>row m 18 to 19, column n 4 to 5: 1 different</title>"));
  EXPECT_THAT(html, HasSubstr("kernel.mine: where the accumulators of 0/train/conv&lt;1&gt;/forward differ"));
  EXPECT_THAT(html, HasSubstr("Down: row m, 2 in a cell. Across: column n, 2 in a cell."));
}

}  // namespace
}  // namespace quatrain::sim::report
