/// What a report says of gradients, their codes and the cross-check, against a recount of the trace.
#include "tests/sim/cli/report_shown_demo.hpp"
#include "tests/sim/study/gradient_recount.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace quatrain::tests {
using nlohmann::json;
using testing::Contains;

std::string with_error(double mean, const std::optional<double>& error) {
  return error ? fmt::format("{:.4f} +-{:.4f}", mean, *error) : fmt::format("{:.4f}", mean);
}

void expect_estimate(const json& entry, const std::string& key, double mean,
                     const std::optional<double>& error) {
  EXPECT_NEAR(entry.at(key).get<double>(), mean, 1e-11) << key;
  if (error) {
    EXPECT_NEAR(entry.at(key + "_standard_error").get<double>(), *error, 1e-11) << key;
  } else {
    EXPECT_EQ(entry.at(key + "_standard_error"), nullptr) << key;
  }
}

void expect_entry(const json& entry, const RecountedRecord& record, const RecountedEffect& effect) {
  EXPECT_EQ(entry.at("layer"), record.layer);
  EXPECT_EQ(entry.at("step"), record.step);
  EXPECT_EQ(entry.at("images"), 8);
  EXPECT_EQ(entry.at("batch"), 8);
  EXPECT_EQ(entry.at("compared"), "weight_gradient");
  EXPECT_EQ(entry.at("rule"), effect.rule);
  EXPECT_EQ(entry.at("samples"), effect.samples);
  EXPECT_EQ(entry.at("trials"), effect.trials);
  EXPECT_EQ(entry.at("random_bits"), effect.rule == "luq" ? json(8) : json(nullptr));
  EXPECT_EQ(entry.at("alpha"), "pow2");
  EXPECT_EQ(entry.at("maximum"), "measured");
  expect_estimate(entry, "gain", effect.gain, effect.gain_error);
  expect_estimate(entry, "relative_error", effect.relative_error, effect.relative_error_error);
  expect_estimate(entry, "dead_share", effect.dead_share, effect.dead_share_error);
  const json& expected = entry.at("expected");
  EXPECT_EQ(expected.is_null(), effect.rule == "nearest");
  if (expected.is_null()) return;
  EXPECT_NEAR(expected.at("gain").get<double>(), effect.expected_gain.value(), 1e-11);
  EXPECT_NEAR(expected.at("relative_error").get<double>(), effect.expected_error.value(), 1e-11);
  EXPECT_NEAR(expected.at("error_floor").get<double>(), effect.error_floor.value(), 1e-11);
  EXPECT_NEAR(expected.at("dead_share").get<double>(), effect.expected_dead_share.value(), 1e-11);
}

void expect_gradients(const ShownDemo& shown) {
  const auto trace = shown.folder / "demo/luq/trace";
  const auto records = recount_gradients(trace, {.samples = {1, 2, 5}, .trials = 3});
  ASSERT_EQ(records.size(), 4U);
  const std::vector<std::string> columns = {"LUQ, 1 sample", "LUQ, 2 samples", "LUQ, 5 samples", "nearest"};
  const json& chart = shown.page.chart(
      "Gain of the weight gradient by layer and step (1 = unbiased; bars: one standard error)");
  EXPECT_EQ(chart.at("kind"), "marks");
  EXPECT_EQ(chart.at("yLabel"), "gain");
  EXPECT_EQ(chart.at("reference"), 1);
  const json study = read_json(shown.folder / "demo/luq/gradients.json");
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
      EXPECT_EQ(shown.page.table("Gain, mean of the trials +- its standard error").at(key, columns[rule]),
                with_error(effect.gain, effect.gain_error));
      EXPECT_EQ(shown.page.table("Error, root mean square of the trials +- its standard error")
                    .at(key, columns[rule]),
                with_error(effect.relative_error, effect.relative_error_error));
      EXPECT_EQ(shown.page.table("Error that the probabilities of the draws give").at(key, columns[rule]),
                effect.expected_error ? fmt::format("{:.4f}", *effect.expected_error) : "");
      EXPECT_TRUE(shows(shown.page.table("Dead").at(key, columns[rule]), effect.dead_share));
      const json& series = chart.at("series").at(rule);
      EXPECT_EQ(series.at("name"), columns[rule]);
      EXPECT_NEAR(series.at("y").at(i).get<double>(), effect.gain, 1e-11);
      const double error = effect.gain_error.value_or(0);
      EXPECT_NEAR(series.at("bounds").at(i).at(0).get<double>(), effect.gain - error, 1e-11);
      EXPECT_NEAR(series.at("bounds").at(i).at(1).get<double>(), effect.gain + error, 1e-11);
      expect_entry(shown.json_at("/gradients/fidelity").at(row++), record, effect);
      json in_study = study.at("gradients").at(i);
      in_study.update(study.at("gradients").at(i).at("effects").at(rule));
      expect_entry(in_study, record, effect);
    }
  }
  EXPECT_EQ(shown.json_at("/gradients/fidelity").size(), row);
  EXPECT_EQ(study.at("gradients").size(), records.size());
  EXPECT_THAT(shown.page.paragraphs,
              Contains("LUQ draws 8 random bits for each element; alpha pow2 and the maximum "
                       "measured, for both rules."));
}

/// The file's rows are tests/sim/cli/gradient_table_test.cpp's subject; here they are averaged again.
void expect_gradient_curves(const ShownDemo& shown) {
  using Rows = std::vector<std::map<std::string, std::string>>;
  const ShownTable& table = shown.page.table("Gradients, mean over the steps of gradients.csv");
  for (const std::string recipe : {"fp32", "luq", "nearest"}) {
    const Rows rows = read_csv(shown.folder / "demo" / recipe / "gradients.csv");
    ASSERT_EQ(rows.size(), 4U) << "two layers, steps 0 and 10";
    const json& means = shown.json_at("/training/" + recipe + "/gradients");
    ASSERT_EQ(means.size(), 2U);
    for (std::size_t layer = 0; layer < 2; ++layer) {
      const std::string name = layer == 0 ? "rows" : "both";
      SCOPED_TRACE(recipe + ", " + name);
      EXPECT_EQ(means.at(layer).at("layer"), name);
      EXPECT_EQ(means.at(layer).at("steps"), 2);
      const std::vector<std::string> key = {recipe, name};
      EXPECT_EQ(table.at(key, "steps"), "2");
      for (const auto& [figure, column] :
           std::map<std::string, std::string>{{"snr_db", "signal to noise"},
                                              {"cosine", "cosine"},
                                              {"gain", "gain"},
                                              {"below_alpha_share", "below alpha"},
                                              {"top_code_share", "top code"},
                                              {"ln_sigma", "sigma"}}) {
        double sum = 0;
        bool is_there = true;
        for (const auto& row : rows) {
          if (row.at("layer") != name) continue;
          const auto cell = row.find(figure);
          is_there = cell != row.end() && !cell->second.empty();
          if (is_there) sum += static_cast<double>(std::stof(cell->second));
        }
        EXPECT_EQ(is_there, recipe != "fp32" || figure == "below_alpha_share" || figure == "ln_sigma")
            << figure;
        if (is_there) {
          EXPECT_NEAR(means.at(layer).at(figure).get<double>(), sum / 2, 1e-12) << figure;
          if (figure == "snr_db") {
            EXPECT_EQ(table.at(key, column), fmt::format("{:.2f} dB", sum / 2));
          } else {
            EXPECT_TRUE(shows(table.at(key, column), sum / 2)) << figure << table.at(key, column);
          }
        } else {
          EXPECT_EQ(means.at(layer).at(figure), nullptr) << figure;
          EXPECT_EQ(table.at(key, column), "") << figure;
        }
      }
    }
  }
  const Rows rows = read_csv(shown.folder / "demo/luq/gradients.csv");
  for (const auto& [title, column] :
       std::map<std::string, std::string>{{"Signal to noise", "snr_db"},
                                          {"Cosine with the unquantized gradient", "cosine"},
                                          {"Gain of the gradient (1 = unbiased)", "gain"},
                                          {"Log-normal sigma", "ln_sigma"}}) {
    const json& chart = shown.page.chart(title);
    EXPECT_EQ(chart.at("kind"), "lines");
    for (std::size_t layer = 0; layer < 2; ++layer)
      for (std::size_t step = 0; step < 2; ++step) {
        const auto& row = rows.at(2 * step + layer);
        const json& series = chart.at("series").at(layer);
        EXPECT_EQ(series.at("name"), row.at("layer"));
        EXPECT_NEAR(series.at("x").at(step).get<double>(), std::stod(row.at("step")), 1e-12);
        EXPECT_NEAR(series.at("y").at(step).get<double>(), std::stod(row.at(column)), 1e-6) << title;
      }
  }
  for (const auto& [title, column] : std::map<std::string, std::string>{
           {"Elements below alpha", "below_alpha_share"}, {"Elements with the top code", "top_code_share"}})
    EXPECT_NEAR(shown.page.chart(title).at("series").at(1).at("y").at(1).get<double>(),
                100 * std::stod(rows.at(3).at(column)), 1e-5);
  EXPECT_NEAR(shown.page.chart("Largest gradient, log2").at("series").at(1).at("y").at(1).get<double>(),
              std::log2(std::stod(rows.at(3).at("maximum"))), 1e-6);
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
