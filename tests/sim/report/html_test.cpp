#include "sim/report/html.hpp"

#include "sim/embedded/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace quatrain::sim::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Page hostile_page() {
  const std::string hostile = "</script><b a=\"'x'\">&amp;";
  Page page{.title = hostile, .subtitle = hostile, .figures = {{hostile, hostile, hostile}}, .sections = {}};
  Section section{.title = hostile, .text = {hostile}, .charts = {}, .tables = {}, .limits = {hostile}};
  section.charts.push_back(
      {.title = hostile, .x_label = hostile, .y_label = hostile, .labels = {hostile}, .series = {}});
  section.charts.back().series.push_back({.name = hostile, .y = {1.5}, .x = {2.5}, .bounds = {}});
  section.tables.push_back({.title = hostile, .columns = {{hostile, Align::left}}, .rows = {{hostile}}});
  section.tables.push_back(section.tables.back());
  section.tables.back().is_detail = true;
  page.sections.push_back(std::move(section));
  return page;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

TEST(Html, EverySpecialCharacterIsEscaped) {
  EXPECT_EQ(escape_html("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

TEST(Html, HostileTextStaysText) {
  const std::string html = render_html(hostile_page(), "window.Chart = class {};");
  EXPECT_THAT(html, Not(HasSubstr("<b a=\"'x'\">")));
  EXPECT_EQ(count(html, "<script"), 3U) << "data, Chart.js, page.js";
  EXPECT_EQ(count(html, "</script"), 3U);
  const std::string begin = "<script type=\"application/json\" id=\"chart-data\">";
  const std::size_t at = html.find(begin) + begin.size();
  const std::string data = html.substr(at, html.find("</script>", at) - at);
  EXPECT_EQ(count(data, "<"), 0U) << "nor may \"<!--\" of a name begin a comment";
  const auto charts = nlohmann::json::parse(data);
  EXPECT_EQ(charts.at(0).at("labels").at(0), "</script><b a=\"'x'\">&amp;");
  EXPECT_EQ(charts.at(0).at("series").at(0).at("y").at(0), 1.5);
}

TEST(Html, NeedsNoNetwork) {
  const auto chart_js = embedded_resource("chart.js").value_or("");
  const std::string html = render_html(hostile_page(), chart_js);
  for (const char* part : {"src=", "href=\"http", "url(", "@import", "fetch(", "XMLHttpRequest"})
    EXPECT_THAT(html, Not(HasSubstr(part)));
}

TEST(Html, WithoutChartJsTheTablesStandAndALineSaysWhy) {
  const std::string html = render_html(hostile_page(), "");
  EXPECT_THAT(
      html,
      HasSubstr("This program was built without Chart.js: the charts are left out, the tables hold every "
                "figure."));
  EXPECT_THAT(html, HasSubstr("<body class=\"no-charts\">"));
  EXPECT_THAT(html, Not(HasSubstr("chart-data\">")));
  EXPECT_EQ(count(html, "<table>"), 2U);
}

TEST(Html, ElementsAreClosed) {
  const std::string html = render_html(hostile_page(), "");
  for (const char* element :
       {"html", "head", "body", "main", "section", "table", "thead", "tbody", "tr", "div", "figure",
        "details", "summary", "aside", "ul", "li", "nav", "header", "style"}) {
    const std::string name = element;
    EXPECT_EQ(count(html, "<" + name + ">") + count(html, "<" + name + " "), count(html, "</" + name + ">"))
        << name;
  }
}

}  // namespace
}  // namespace quatrain::sim::report
