#include "tests/sim/report/step_picture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using nlohmann::json;

struct Busy {
  std::uint64_t begin = 0, cycles = 0;
  std::string look, name;
};

std::string cause(const json& operation) {
  return operation["busy"]["array"] > 0 ? "dram" : operation["bound_by"].get<std::string>();
}

/// What keeps a lane busy, in order.
std::vector<Busy> busy_of(const std::string& lane, const json& step) {
  std::vector<Busy> all;
  for (const json& operation : step["operations"]) {
    const std::uint64_t begin = operation["begin"], array = operation["busy"]["array"];
    const std::string layer = operation["layer"], kind = operation["operation"];
    const std::string name = layer.empty() ? kind : layer + " " + kind;
    if (lane == "array_waits")
      all.push_back(
          {begin + array, operation["cycles"].get<std::uint64_t>() - array, cause(operation), name});
    else
      all.push_back({begin, operation["busy"][lane], lane == "array" ? kind : lane, name});
  }
  std::erase_if(all, [](const Busy& busy) { return busy.cycles == 0; });
  return all;
}

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

/// "not counted" or "none" where a design has no lanes of quantizers; "" where it has.
std::string no_quantizers(const json& step) {
  if (step["config"].contains("quantizers")) return "";
  return step["config"]["pe"] == "bf16" ? "none" : "not counted";
}

/// The bar stands where the axis says.
void expect_place(const ShownTimeline& shown, const ShownTimeline::Bar& bar, double cycles_per_ms) {
  const auto& [first, zero] = shown.ticks.front();
  const auto& [last, ms] = shown.ticks.back();
  const double per_cycle = (last - first) / ms / cycles_per_ms;
  EXPECT_EQ(zero, 0);
  EXPECT_NEAR(bar.x, first + static_cast<double>(bar.begin) * per_cycle, 0.003) << bar.title;
  EXPECT_NEAR(bar.width, static_cast<double>(bar.span) * per_cycle, 0.003) << bar.title;
}

void expect_lane(const ShownTimeline::Lane& shown, const std::vector<Busy>& all, double cycles_per_ms,
                 double step_cycles, std::size_t& joined) {
  std::size_t next = 0;
  std::uint64_t sum = 0;
  for (const ShownTimeline::Bar& bar : shown.bars) {
    std::uint64_t cycles = 0, end = 0;
    std::size_t count = 0;
    ASSERT_LT(next, all.size());
    EXPECT_EQ(bar.begin, all[next].begin);
    EXPECT_THAT(bar.title, testing::StartsWith(all[next].name));
    for (; next < all.size() && all[next].begin < bar.begin + bar.span; ++next, ++count) {
      EXPECT_EQ(all[next].look, bar.look) << all[next].name;
      cycles += all[next].cycles;
      end = all[next].begin + all[next].cycles;
    }
    EXPECT_EQ(bar.cycles, cycles) << bar.title;
    EXPECT_EQ(bar.begin + bar.span, end) << bar.title;
    if (count > 1) {
      joined += count;
      EXPECT_THAT(bar.title, testing::HasSubstr(" and " + std::to_string(count - 1) + " more: "));
    }
    const std::string time = bar.title.substr(bar.title.rfind(": ") + 2);
    EXPECT_TRUE(shows(first_word(time), static_cast<double>(cycles) / cycles_per_ms)) << bar.title;
    EXPECT_TRUE(shows(first_word(time.substr(time.find("from ") + 5)),
                      static_cast<double>(bar.begin) / cycles_per_ms))
        << bar.title;
    sum += cycles;
  }
  EXPECT_EQ(next, all.size());
  if (shown.sum.find(' ') == std::string::npos || shown.sum == "not counted") {
    EXPECT_EQ(sum, 0);
    return;
  }
  EXPECT_TRUE(shows(first_word(shown.sum), static_cast<double>(sum) / cycles_per_ms)) << shown.sum;
  EXPECT_TRUE(shows(shown.sum.substr(shown.sum.find(", ") + 2), static_cast<double>(sum) / step_cycles))
      << shown.sum;
}

}  // namespace

std::map<std::string, std::uint64_t> array_waits(const json& step) {
  std::map<std::string, std::uint64_t> waits = {{"quantizers", 0}, {"vector_unit", 0}, {"dram", 0}};
  for (const Busy& busy : busy_of("array_waits", step)) waits[busy.look] += busy.cycles;
  return waits;
}

void expect_step_table(const ShownTable& table, const std::string& label, const json& step) {
  const std::map<std::string, std::uint64_t> waits = array_waits(step);
  const json& busy = step["busy"];
  const std::map<std::string, std::uint64_t> expected = {{"step", step["cycles"]},
                                                         {"array", busy["array"]},
                                                         {"waits for quantizers", waits.at("quantizers")},
                                                         {"waits for vector unit", waits.at("vector_unit")},
                                                         {"waits for DRAM", waits.at("dram")},
                                                         {"quantizers", busy["quantizers"]},
                                                         {"vector unit", busy["vector_unit"]},
                                                         {"DRAM", busy["dram"]}};
  EXPECT_EQ(table.columns.size(), expected.size() + 1);
  for (const auto& [column, cycles] : expected) {
    const std::string cell = table.at({label}, column);
    const double ms = static_cast<double>(cycles) / (1000 * step["config"]["clock_mhz"].get<double>());
    const std::string why = column == "quantizers" ? no_quantizers(step) : "";
    EXPECT_TRUE(why.empty() ? shows(cell, ms) : cell == why) << column << ": " << cell;
  }
}

void expect_step_picture(const ShownTimeline& shown, const json& step, std::size_t& joined) {
  const double cycles_per_ms = 1000 * step["config"]["clock_mhz"].get<double>();
  std::vector<std::string> lanes;
  std::size_t bars = 0;
  for (const ShownTimeline::Lane& lane : shown.lanes) {
    SCOPED_TRACE(lane.name);
    lanes.push_back(lane.name + ": " + lane.label);
    bars += lane.bars.size();
    for (const ShownTimeline::Bar& bar : lane.bars) expect_place(shown, bar, cycles_per_ms);
    if (lane.name == "quantizers" && !no_quantizers(step).empty()) {
      EXPECT_EQ(lane.sum, no_quantizers(step));
    }
    expect_lane(lane, busy_of(lane.name, step), cycles_per_ms, step["cycles"], joined);
  }
  EXPECT_THAT(lanes,
              testing::ElementsAre("array: array", "array_waits: array waits", "quantizers: quantizers",
                                   "vector_unit: vector unit", "dram: DRAM"));
  EXPECT_LE(bars, 480U);
  EXPECT_TRUE(
      shows(first_word(shown.title.substr(shown.title.rfind(": ") + 2)), step["milliseconds"].get<double>()))
      << shown.title;
  EXPECT_EQ(first_word(shown.note), std::to_string(step["operations"].size()));

  // The legend has the sums that a lane's colours hide.
  std::map<std::string, std::uint64_t> products;
  for (const Busy& busy : busy_of("array", step)) products[busy.look] += busy.cycles;
  const std::map<std::string, std::uint64_t> waits = array_waits(step);
  ASSERT_EQ(shown.keys.size(), 6U);
  for (const auto& [look, text] : shown.keys) {
    const bool is_product = text.starts_with("array, " + look + ": ");
    const std::string figure =
        is_product ? text.substr(text.find(": ") + 2) : text.substr(text.find("array waits ") + 12);
    EXPECT_TRUE(shows(first_word(figure),
                      static_cast<double>(is_product ? products[look] : waits.at(look)) / cycles_per_ms))
        << look << ": " << text;
  }
}

}  // namespace quatrain::tests
