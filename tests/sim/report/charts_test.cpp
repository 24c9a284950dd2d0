/// Charts of many layers and many designs: what they hold, and that they stay readable.
#include "sim/embedded/resources.hpp"
#include "sim/report/html.hpp"
#include "sim/report/sections.hpp"
#include "tests/sim/report/page_reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace quatrain::sim::report {
namespace {

/// Layers "block 1" and so on. Of the 100 + i codes of layer i, i have value 4, the others value -1.
Report with_layers(std::uint64_t layers) {
  Report report;
  study::GradientStudy& study = report.gradients.emplace();
  for (std::uint64_t i = 1; i <= layers; ++i) {
    study::CodeHistogram& histogram = study.histograms.emplace_back();
    histogram.layer = fmt::format("block {}", i);
    histogram.counts[6] = 100;  // -1
    histogram.counts[10] = i;   // 4
    for (const std::uint32_t step : {9U, 10U}) {
      const double gain = 1 + 0.001 * static_cast<double>(i) + step;
      study::RoundingEffect luq, nearest;
      luq.trials = 16;
      luq.gain = {gain, 0.5};
      nearest.gain = {-gain, std::nullopt};
      nearest.setting = {.rule = traces::Rule::nearest_fp4, .random_bits = 0};
      study.gradients.push_back(
          {.layer = histogram.layer, .step = step, .images = 8, .batch = 8, .effects = {luq, nearest}});
    }
  }
  return report;
}

TEST(ReportCharts, UpToTenLayersHaveTheirOwnBars) {
  const Chart chart = gradient_section(with_layers(10)).value().charts.at(1);
  EXPECT_EQ(chart.kind, Chart::Kind::bars);
  EXPECT_EQ(chart.x_label, "value");
  EXPECT_EQ(chart.y_label, "% of the layer's codes");
  ASSERT_EQ(chart.series.size(), 10U);
  EXPECT_EQ(chart.series[9].name, "block 10");
  EXPECT_DOUBLE_EQ(chart.series[9].y.at(10), 100.0 * 10 / 110);
}

/// The share over all layers is no mean of the layers' shares.
TEST(ReportCharts, MoreLayersAreShownAsARange) {
  for (const std::uint64_t layers : {11, 60}) {
    const Chart chart = gradient_section(with_layers(layers)).value().charts.at(1);
    EXPECT_EQ(chart.kind, Chart::Kind::ranges);
    ASSERT_EQ(chart.series.size(), 1U);
    ASSERT_EQ(chart.labels.size(), 15U);
    EXPECT_EQ(chart.labels[6], "-1");
    EXPECT_EQ(chart.labels[10], "4");
    const Series& series = chart.series[0];
    const auto n = static_cast<double>(layers), fours = n * (n + 1) / 2;
    EXPECT_DOUBLE_EQ(series.y.at(6), 100 * 100 * n / (100 * n + fours));
    EXPECT_DOUBLE_EQ(series.y.at(10), 100 * fours / (100 * n + fours));
    EXPECT_DOUBLE_EQ(series.bounds.at(6).first, 100 * 100 / (100 + n));
    EXPECT_DOUBLE_EQ(series.bounds.at(6).second, 100 * 100.0 / 101);
    EXPECT_DOUBLE_EQ(series.bounds.at(10).first, 100 * 1.0 / 101);
    EXPECT_DOUBLE_EQ(series.bounds.at(10).second, 100 * n / (100 + n));
    EXPECT_EQ(series.y.at(0), 0);
    EXPECT_EQ(series.bounds.at(0), (std::pair<double, double>{0, 0}));
  }
}

TEST(ReportCharts, EveryLayerAndStepHasItsMarks) {
  const Section section = gradient_section(with_layers(60)).value();
  const Chart& chart = section.charts.at(0);
  EXPECT_EQ(chart.y_label, "gain");
  ASSERT_EQ(chart.labels.size(), 120U);
  EXPECT_EQ(chart.labels[0], "block 1, 9");
  EXPECT_EQ(chart.labels[1], "block 1, 10");
  EXPECT_EQ(chart.labels[119], "block 60, 10");
  ASSERT_EQ(chart.series.size(), 2U);
  EXPECT_DOUBLE_EQ(chart.series[0].y.at(119), 11.06);
  EXPECT_DOUBLE_EQ(chart.series[0].bounds.at(119).first, 10.56);
  EXPECT_DOUBLE_EQ(chart.series[0].bounds.at(119).second, 11.56);
  EXPECT_DOUBLE_EQ(chart.series[1].y.at(119), -11.06);
  EXPECT_EQ(chart.series[1].bounds.at(119), (std::pair<double, double>{-11.06, -11.06})) << "one trial";
}

/// A screen of numbers is folded; a few layers are not.
TEST(ReportCharts, LongTablesOfGradientsAreFolded) {
  const Section many = gradient_section(with_layers(60)).value(),
                few = gradient_section(with_layers(10)).value();
  EXPECT_EQ(many.tables.size(), 5U);
  for (const Table& table : many.tables) EXPECT_TRUE(table.is_detail) << table.title;
  for (const Table& table : few.tables)
    EXPECT_EQ(table.is_detail, table.title == "Gradient codes by value, counted") << table.title;
}

std::string page_of(std::size_t labels, std::size_t series) {
  Chart chart{.kind = Chart::Kind::ranges,
              .title = "chart",
              .x_label = "",
              .y_label = "",
              .labels = {},
              .series = {}};
  for (std::size_t i = 0; i < labels; ++i) chart.labels.push_back(fmt::format("layer {}", i));
  for (std::size_t i = 0; i < series; ++i)
    chart.series.push_back({.name = fmt::format("design {}", i),
                            .y = std::vector<double>(labels, 1),
                            .x = {},
                            .bounds = std::vector<std::pair<double, double>>(labels, {0, 2})});
  Section section{.title = "section", .text = {}, .charts = {chart}, .tables = {}, .limits = {}};
  return render_html({.title = "page", .subtitle = "", .figures = {}, .sections = {section}},
                     "window.Chart = class {};");
}

/// Pixels that each label of the drawing has; 0 when half of the page must do.
double pixels_a_label(std::size_t labels, std::size_t series) {
  const std::string page = page_of(labels, series);
  std::smatch found;
  const bool is_wide = std::regex_search(page, found, std::regex("min-width:([0-9]+)px\""));
  EXPECT_EQ(page.find("<figure class=\"chart wide\">") != std::string::npos, is_wide);
  return is_wide ? std::stod(found[1]) / static_cast<double>(labels) : 0;
}

TEST(ReportCharts, EveryLabelAndBarHasRoom) {
  EXPECT_EQ(pixels_a_label(12, 2), 0) << "fits half of the page";
  EXPECT_GE(pixels_a_label(180, 1), 16) << "60 layers in three phases; labels turn on their side";
  EXPECT_GE(pixels_a_label(36, 12), 12 * 8) << "12 designs";
  EXPECT_GE(pixels_a_label(180, 12), 12 * 6);
  EXPECT_LE(pixels_a_label(2000, 12) * 2000, 16'000) << "a wider canvas stays empty in browsers";
}

using Color = std::array<double, 3>;

/// CIE 1976 L*a*b* of sRGB "#rrggbb", white point D65 (IEC 61966-2-1, CIE 15).
Color lab_of(const std::string& color) {
  Color linear;
  for (std::size_t i = 0; i < 3; ++i) {
    const double part = std::stoi(color.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    linear[i] = part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  }
  const auto [r, g, b] = linear;
  const auto curve = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
  const double x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505),
               y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b),
               z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double distance(const std::string& a, const std::string& b) {
  const Color first = lab_of(a), second = lab_of(b);
  return std::hypot(first[0] - second[0], first[1] - second[1], first[2] - second[2]);
}

/// The texts in quotes of `name: [...]` in page.js.
std::vector<std::string> list_in_page_js(const std::string& name) {
  const std::string script(embedded_resource("sim/report/page.js").value());
  std::smatch list;
  EXPECT_TRUE(std::regex_search(script, list, std::regex(name + R"((?::| =) \[([^\]]*)\])"))) << name;
  const std::string texts = list[1];
  std::vector<std::string> found;
  const std::regex quoted("\"([^\"]*)\"");
  for (auto at = std::sregex_iterator(texts.begin(), texts.end(), quoted); at != std::sregex_iterator(); ++at)
    found.push_back((*at)[1]);
  return found;
}

/// A difference of 2.3 is just noticeable; lines and small marks need many times that.
TEST(ReportCharts, TwentyColoursAreTwentyColours) {
  for (const auto& [name, ground] : {std::pair{"light", "#ffffff"}, std::pair{"dark", "#1a212b"}}) {
    const std::vector<std::string> colors = list_in_page_js(name);
    EXPECT_EQ(colors.size(), 20U) << name;
    for (std::size_t i = 0; i < colors.size(); ++i) {
      EXPECT_GT(distance(colors[i], ground), 40) << name << " " << colors[i] << " on the page";
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_GT(distance(colors[i], colors[j]), 24) << name << " " << colors[j] << " " << colors[i];
    }
  }
}

TEST(ReportCharts, WhereColoursBeginAgainMarksDiffer) {
  const std::vector<std::string> points = list_in_page_js("points");
  EXPECT_GE(points.size(), 4U);
  EXPECT_EQ(std::set<std::string>(points.begin(), points.end()).size(), points.size());
}

}  // namespace
}  // namespace quatrain::sim::report
