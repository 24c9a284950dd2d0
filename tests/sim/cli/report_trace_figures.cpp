/// What a report says of gradients, their codes and the cross-check, against a recount of the trace.
#include "tests/sim/cli/report_shown_demo.hpp"
#include "tests/sim/report/gradient_recount.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace quatrain::tests {
using nlohmann::json;
using testing::Contains;

void expect_gradients(const ShownDemo& shown) {
  const auto trace = shown.folder / "demo/luq/trace";
  const auto records = recount_gradients(trace);
  ASSERT_EQ(records.size(), 4U);
  const std::vector<std::string> columns = {"LUQ, 1 sample", "LUQ, 4 samples", "LUQ, 16 samples", "nearest"};
  const json& chart = shown.page.chart(
      "Gain of the weight gradient by layer and step (1 = unbiased; bars: spread of single trials)");
  EXPECT_EQ(chart.at("kind"), "marks");
  EXPECT_EQ(chart.at("yLabel"), "gain");
  EXPECT_EQ(chart.at("reference"), 1);
  std::size_t row = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const RecountedRecord& record = records[i];
    SCOPED_TRACE(fmt::format("{}, step {}", record.layer, record.step));
    EXPECT_EQ(record.layer, i < 2 ? "rows" : "both");
    EXPECT_EQ(record.step, i % 2 == 0 ? 2 : 10) << "by number";
    EXPECT_EQ(chart.at("labels").at(i), fmt::format("{}, {}", record.layer, record.step));
    const std::vector<std::string> key = {record.layer, std::to_string(record.step)};
    ASSERT_EQ(record.effects.size(), 4U);
    for (std::size_t rule = 0; rule < 4; ++rule) {
      const RecountedEffect& effect = record.effects[rule];
      SCOPED_TRACE(columns[rule]);
      EXPECT_TRUE(shows(shown.page.table("Gain, mean of the trials").at(key, columns[rule]), effect.gain));
      EXPECT_TRUE(shows(shown.page.table("Error").at(key, columns[rule]), effect.relative_error));
      EXPECT_TRUE(shows(shown.page.table("Dead").at(key, columns[rule]), effect.dead_share));
      const std::string spread =
          shown.page.table("Spread of the gain: standard deviation of a single trial").at(key, columns[rule]);
      if (effect.gain_deviation)
        EXPECT_TRUE(shows(spread, *effect.gain_deviation)) << spread;
      else
        EXPECT_EQ(spread, "one trial");
      const json& series = chart.at("series").at(rule);
      EXPECT_EQ(series.at("name"), columns[rule]);
      EXPECT_NEAR(series.at("y").at(i).get<double>(), effect.gain, 1e-11);
      const double deviation = effect.gain_deviation.value_or(0);
      EXPECT_NEAR(series.at("bounds").at(i).at(0).get<double>(), effect.gain - deviation, 1e-11);
      EXPECT_NEAR(series.at("bounds").at(i).at(1).get<double>(), effect.gain + deviation, 1e-11);

      const json& entry = shown.json_at("/gradients/fidelity").at(row++);
      EXPECT_EQ(entry.at("layer"), record.layer);
      EXPECT_EQ(entry.at("step"), record.step);
      EXPECT_EQ(entry.at("images"), 8);
      EXPECT_EQ(entry.at("batch"), 8);
      EXPECT_EQ(entry.at("rule"), effect.rule);
      EXPECT_EQ(entry.at("samples"), effect.samples);
      EXPECT_EQ(entry.at("trials"), effect.trials);
      EXPECT_EQ(entry.at("random_bits"), effect.rule == "luq" ? json(8) : json(nullptr));
      EXPECT_EQ(entry.at("alpha"), "pow2");
      EXPECT_EQ(entry.at("maximum"), "measured");
      EXPECT_NEAR(entry.at("gain").get<double>(), effect.gain, 1e-11);
      EXPECT_NEAR(entry.at("relative_error").get<double>(), effect.relative_error, 1e-11);
      EXPECT_NEAR(entry.at("dead_share").get<double>(), effect.dead_share, 1e-14);
      if (effect.gain_deviation)
        EXPECT_NEAR(entry.at("gain_deviation").get<double>(), *effect.gain_deviation, 1e-11);
      else
        EXPECT_EQ(entry.at("gain_deviation"), nullptr);
    }
  }
  EXPECT_EQ(shown.json_at("/gradients/fidelity").size(), row);
  EXPECT_THAT(shown.page.paragraphs,
              Contains("LUQ draws 8 random bits for each element; alpha pow2 and the maximum "
                       "measured, for both rules."));
}

void expect_codes(const ShownDemo& shown) {
  const auto counts = recount_gradient_codes(shown.folder / "demo/luq/trace");
  const ShownTable& table = shown.page.table("Gradient codes by value, counted");
  const json& chart = shown.page.chart("Gradient codes by value (in units of alpha)");
  EXPECT_EQ(chart.at("kind"), "bars");
  EXPECT_EQ(chart.at("xLabel"), "value");
  EXPECT_EQ(chart.at("yLabel"), "% of the layer's codes");
  EXPECT_EQ(shown.json_at("/gradients/rule"), "luq_fp4");
  ASSERT_EQ(counts.size(), 2U);
  const std::vector<int> values = {-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64};
  EXPECT_EQ(shown.json_at("/gradients/code_values"), json(values));
  const std::vector<std::string> layers = {"rows", "both"};
  for (std::size_t layer = 0; layer < 2; ++layer) {
    std::map<int, std::uint64_t> of_layer = counts.at(layers[layer]);
    double total = 0;
    for (const auto& [value, count] : of_layer) total += static_cast<double>(count);
    EXPECT_NE(of_layer[64], of_layer[-64]) << "or a mirrored histogram could pass";
    EXPECT_EQ(chart.at("series").at(layer).at("name"), layers[layer]);
    for (std::size_t place = 0; place < values.size(); ++place) {
      const int value = values[place];
      SCOPED_TRACE(fmt::format("{} {}", layers[layer], value));
      EXPECT_TRUE(
          shows(table.at({layers[layer]}, std::to_string(value)), static_cast<double>(of_layer[value])));
      EXPECT_EQ(shown.json_at("/gradients/codes/" + layers[layer]).at(place), of_layer[value]);
      EXPECT_EQ(chart.at("labels").at(place), std::to_string(value));
      EXPECT_NEAR(chart.at("series").at(layer).at("y").at(place).get<double>(),
                  100 * static_cast<double>(of_layer[value]) / total, 1e-9);
    }
  }
}

void expect_cross_check(const ShownDemo& shown) {
  const json check = read_json(shown.folder / "demo/luq/crosscheck.json");
  const ShownTable& table = shown.page.table("Machines");
  std::size_t ran = 0;
  ASSERT_EQ(table.rows.size(), check.at("machines").size());
  for (const auto& [name, machine] : check.at("machines").items()) {
    SCOPED_TRACE(name);
    const json& entry = shown.json_at("/crosscheck/" + name);
    for (const char* key :
         {"verdict", "reason", "ran_on", "gemms", "gemms_equal", "quantizers", "quantizers_equal", "elements",
          "macs", "seconds", "unsupported", "misbehaved", "first_difference"})
      EXPECT_EQ(entry.at(key), machine.at(key)) << key;
    EXPECT_EQ(table.at({name}, "verdict"), machine.at("verdict"));
    if (machine.at("verdict") == "skipped") {
      EXPECT_EQ(table.at({name}, "ran on"), machine.at("reason"));
      continue;
    }
    ++ran;
    EXPECT_EQ(table.at({name}, "ran on"), machine.at("ran_on"));
    EXPECT_EQ(table.at({name}, "GEMMs equal"),
              fmt::format("{}/{}", machine.at("gemms_equal").dump(), machine.at("gemms").dump()));
    EXPECT_EQ(table.at({name}, "quantizers equal"),
              fmt::format("{}/{}", machine.at("quantizers_equal").dump(), machine.at("quantizers").dump()));
    EXPECT_TRUE(shows(table.at({name}, "elements"), machine.at("elements").get<double>()));
    EXPECT_TRUE(shows(table.at({name}, "MACs"), machine.at("macs").get<double>()));
    EXPECT_EQ(table.at({name}, "seconds"), fmt::format("{:.1f}", machine.at("seconds").get<double>()));
  }
  for (const char* key :
       {"gemms", "quantizers", "macs", "in_range_macs", "non_zero_macs", "accumulators", "codes"})
    EXPECT_EQ(shown.json_at("/records").at(key), check.at("records").at(key)) << key;
  EXPECT_EQ(shown.json_at("/records/steps"), json({2, 5, 10, 15}))
      << "two traced steps; evaluations end the epochs";
  EXPECT_THAT(
      shown.page.paragraphs,
      Contains("Each machine recomputed the records of the trace of uneven (steps 2, 5, 10, 15) from its "
               "operands and "
               "sources: 31 GEMMs and 32 quantizers, 36,000 accumulators and 37,000 codes, compared bit for "
               "bit."));
  EXPECT_THAT(shown.page.paragraphs,
              Contains("35,000 MACs, 34,000 of them in range, 33,000 with two non-zero operands."));
  EXPECT_EQ(shown.page.cards.at(1).value, fmt::format("equal on {} machines", ran));
  EXPECT_EQ(shown.page.cards.at(1).detail, "36,000 accumulators, 37,000 codes; 35,000 MACs");
}

}  // namespace quatrain::tests
