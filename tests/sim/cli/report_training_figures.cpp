/// What a report says of the training runs, against their tables.
#include "tests/sim/cli/report_shown_demo.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace quatrain::tests {
using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

void expect_training(const ShownDemo& shown) {
  const ShownTable &last = shown.page.table("After the last epoch that ended"),
                   &all = shown.page.table("Every epoch");
  const json& loss_chart = shown.page.chart("Training loss by step");
  const json& accuracy_chart = shown.page.chart("Test accuracy by epoch");
  ASSERT_EQ(all.rows.size(), 9U);
  const std::vector<std::string> recipes = {"fp32", "luq", "nearest"};
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    const std::string& recipe = recipes[i];
    SCOPED_TRACE(recipe);
    const auto rows = read_csv(shown.folder / "demo" / recipe / "metrics.csv");
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_NE(rows[0].at("test_loss"), rows[2].at("test_loss")) << "or the first could be shown as the last";
    const json& training = shown.json_at("/training/" + recipe);
    const auto expect_entry = [](const json& entry, const std::map<std::string, std::string>& row) {
      for (const char* key :
           {"epoch", "step", "train_loss", "test_loss", "test_accuracy_percent", "learning_rate", "seconds"})
        EXPECT_EQ(entry.at(key).get<double>(), std::stod(row.at(key))) << key;
      EXPECT_EQ(entry.at("state_hash"), row.at("state_hash"));
    };
    ASSERT_EQ(training.at("metrics").size(), 3U);
    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
      expect_entry(training.at("metrics").at(epoch), rows[epoch]);
      const std::vector<std::string>& cells = all.rows.at(3 * i + epoch);
      EXPECT_EQ(cells.at(0), recipe);
      EXPECT_EQ(cells.at(1), rows[epoch].at("epoch"));
      EXPECT_EQ(cells.at(2), fmt::format("{:.2f} %", std::stod(rows[epoch].at("test_accuracy_percent"))));
      EXPECT_EQ(cells.at(3), fmt::format("{:.4f}", std::stof(rows[epoch].at("test_loss"))));
      EXPECT_EQ(cells.at(4), fmt::format("{:.4f}", std::stof(rows[epoch].at("train_loss"))));
      EXPECT_EQ(cells.at(5), rows[epoch].at("state_hash"));
      EXPECT_EQ(accuracy_chart.at("series").at(i).at("x").at(epoch).get<double>(),
                std::stod(rows[epoch].at("epoch")));
      EXPECT_EQ(accuracy_chart.at("series").at(i).at("y").at(epoch).get<double>(),
                std::stod(rows[epoch].at("test_accuracy_percent")));
    }
    EXPECT_EQ(training.at("epochs"), 3);
    EXPECT_EQ(training.at("planned_epochs"), 3);
    EXPECT_EQ(training.at("stopped"), nullptr);
    EXPECT_EQ(training.at("steps"), 15);
    EXPECT_EQ(training.at("seed"), 5);
    EXPECT_EQ(training.at("model"), "uneven");
    for (const char* key : {"test_accuracy_percent", "test_loss", "train_loss"})
      EXPECT_EQ(training.at(key).get<double>(), std::stod(rows[2].at(key))) << key;
    EXPECT_EQ(training.at("state_hash"), rows[2].at("state_hash"));
    EXPECT_EQ(last.at({recipe}, "epoch"), "3");
    EXPECT_EQ(last.at({recipe}, "test accuracy"),
              fmt::format("{:.2f} %", std::stod(rows[2].at("test_accuracy_percent"))));
    EXPECT_TRUE(shows(last.at({recipe}, "test loss"), std::stod(rows[2].at("test_loss"))));
    EXPECT_TRUE(shows(last.at({recipe}, "train loss"), std::stod(rows[2].at("train_loss"))));
    EXPECT_EQ(last.at({recipe}, "state hash"), rows[2].at("state_hash").substr(0, 12));

    const auto steps = read_csv(shown.folder / "demo" / recipe / "steps.csv");
    ASSERT_EQ(steps.size(), 15U);
    const json& series = loss_chart.at("series").at(i);
    EXPECT_EQ(series.at("name"), recipe);
    for (std::size_t step = 0; step < 15; ++step) {
      EXPECT_EQ(series.at("x").at(step).get<double>(), std::stod(steps[step].at("step")));
      EXPECT_NEAR(series.at("y").at(step).get<double>(), std::stod(steps[step].at("loss")), 1e-6);
    }
    EXPECT_EQ(accuracy_chart.at("series").at(i).at("name"), recipe);
  }
  EXPECT_EQ(loss_chart.at("kind"), "lines");
  EXPECT_EQ(accuracy_chart.at("kind"), "lines");
  EXPECT_EQ(loss_chart.at("xLabel"), "step");
  EXPECT_EQ(loss_chart.at("yLabel"), "loss");
  EXPECT_EQ(accuracy_chart.at("xLabel"), "epoch");
  EXPECT_EQ(accuracy_chart.at("yLabel"), "%");
  EXPECT_EQ(last.at({"fp32"}, "quantized"), "inputs and weights fp32, gradients fp32");
  EXPECT_EQ(last.at({"luq"}, "quantized"),
            "inputs and weights SAWB INT4/UINT4, gradients LUQ FP4 (8 random bits, 2 samples)");
  EXPECT_EQ(last.at({"nearest"}, "quantized"),
            "inputs and weights SAWB INT4/UINT4, gradients FP4 to nearest");
  EXPECT_THAT(shown.page.paragraphs, Contains(HasSubstr("Network uneven, batch 8, epochs 3, seed 5.")));

  const auto accuracy_of = [&](const char* recipe) {
    return fmt::format(
        "{:.2f} %",
        std::stod(
            read_csv(shown.folder / "demo" / recipe / "metrics.csv").back().at("test_accuracy_percent")));
  };
  EXPECT_EQ(shown.page.cards.at(0).label, "Test accuracy, luq");
  EXPECT_EQ(shown.page.cards.at(0).value, accuracy_of("luq"));
  EXPECT_EQ(shown.page.cards.at(0).detail,
            fmt::format("beside it: fp32 {}, nearest {}", accuracy_of("fp32"), accuracy_of("nearest")));
}

/// By hand from the network above.
void expect_layers(const ShownDemo& shown) {
  const ShownTable& table = shown.page.table("Network");
  EXPECT_THAT(table.columns, ElementsAre("layer", "kind", "input", "output", "kernel", "stride", "padding",
                                         "groups", "forward MACs per image", "precision"));
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_THAT(table.rows[0], ElementsAre("first", "conv2d", "1 x 28 x 28", "4 x 7 x 7", "3 x 3", "4 x 4",
                                         "1 x 1", "1", "1,764", "fp32"));
  EXPECT_THAT(table.rows[1], ElementsAre("rows", "conv2d", "4 x 7 x 7", "6 x 3 x 7", "1 x 7", "3 x 1",
                                         "0 x 3", "2", "1,764", "quantized, input UINT4"));
  EXPECT_THAT(table.rows[2], ElementsAre("both", "conv2d", "6 x 3 x 7", "8 x 2 x 3", "2 x 4", "2 x 3",
                                         "1 x 2", "1", "2,304", "quantized, input INT4"));
  EXPECT_EQ(table.at({"last", "linear"}, "forward MACs per image"), "480");
  EXPECT_EQ(table.at({"last", "linear"}, "precision"), "fp32");
}

}  // namespace quatrain::tests
