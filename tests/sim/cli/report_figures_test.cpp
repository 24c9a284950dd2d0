/// Every figure of a report against a recount. The report is read as its reader sees it: report.json, the
/// tables, cards and charts of report.html, the tables of the terminal.
#include "tests/sim/cli/report_shown_demo.hpp"
#include "tests/support/json_schema.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace quatrain::tests {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

void expect_stages(const ShownDemo& shown) {
  const ShownTable& table = shown.page.table("Stages");
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_THAT(table.rows[0], ElementsAre("z_first", "11.5", "quatrain one")) << "in the order of the file";
  EXPECT_THAT(table.rows[1], ElementsAre("second", "12.2", "quatrain two"));
  EXPECT_THAT(table.rows[2], ElementsAre("all", "23.8", ""));
  EXPECT_EQ(shown.json_at("/seconds"), json({{"z_first", 11.5}, {"second", 12.25}}));
  EXPECT_EQ(shown.json_at("/commands"), json(shown.page.commands));
}

/// What is not folded on the page stands on the terminal, cell by cell, in lines that fit.
void expect_terminal(const ShownDemo& shown) {
  std::size_t compared = 0;
  for (const auto& [title, table] : shown.page.tables) {
    EXPECT_EQ(shown.terminal_tables.contains(title), !table.is_folded) << title;
    if (table.is_folded || !shown.terminal_tables.contains(title)) continue;
    EXPECT_EQ(shown.terminal_tables.at(title).columns, table.columns) << title;
    EXPECT_EQ(shown.terminal_tables.at(title).rows, table.rows) << title;
    ++compared;
  }
  EXPECT_GT(compared, 8U);
  const std::string text = on_one_line(shown.terminal);
  for (const ShownCard& card : shown.page.cards)
    EXPECT_THAT(text, HasSubstr(fmt::format("{} {} {}", card.label, card.value, card.detail)));
  for (const std::string& paragraph : shown.page.paragraphs) EXPECT_THAT(text, HasSubstr(paragraph));
  for (const std::string& limit : shown.page.limits) EXPECT_THAT(text, HasSubstr("limit: " + limit));
  for (const std::string& command : shown.page.commands) EXPECT_THAT(text, HasSubstr(command));
  std::istringstream lines(shown.terminal);
  for (std::string line; std::getline(lines, line);)
    if (line.find('/') == std::string::npos) {
      EXPECT_LE(line.size(), 120U) << line;
    }
}

TEST(ReportFigures, AreThoseOfARecount) {
  const ShownDemo shown;
  ASSERT_FALSE(testing::Test::HasFailure());
  EXPECT_EQ(JsonSchema("report").complaint(shown.figures.dump()), "");
  EXPECT_EQ(shown.figures.at("kind"), "demo");
  EXPECT_EQ(shown.figures.at("missing"), json::array());
  const std::string html = base::read_whole_file(shown.folder / "demo/report.html");
  EXPECT_THAT(html, HasSubstr("<h1>Quatrain report: demo</h1>"));
  expect_training(shown);
  expect_layers(shown);
  expect_gradients(shown);
  expect_gradient_curves(shown);
  expect_codes(shown);
  expect_cross_check(shown);
  expect_cycles(shown);
  expect_energies(shown);
  expect_ratios(shown);
  expect_steps(shown);
  expect_stages(shown);
  expect_terminal(shown);
}

}  // namespace
}  // namespace quatrain::tests
