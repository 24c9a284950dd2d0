#include "sim/report/ratios.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::sim::report {
namespace {

/// So many cycles at 1000 MHz, priced by tables that are named "name:sha256".
Design design(const std::string& label, std::uint64_t cycles, double pj,
              const std::vector<std::string>& tables) {
  Design made{label, label + ".json", {}};
  made.simulation.config.clock_mhz = 1000;
  made.simulation.total.use.cycles = cycles;
  for (const std::string& table : tables) {
    ComponentEnergy line{Component::dram, "dram_hbm2", 1, {}, {pj, 2 * pj, 3 * pj}};
    line.per_event.family = "DRAM";
    line.per_event.voltage = Voltage{pj, "assumed"};
    made.simulation.technologies.push_back(
        {table.substr(0, table.find(':')), table.substr(table.find(':') + 1), {line}, line.energy_pj});
  }
  return made;
}

TEST(Ratios, AreThoseToTheHeadlineWithTheSameTableOnly) {
  Report report;
  report.designs = {design("slow", 300, 3, {"7nm:aa", "45nm:bb", "own:cc"}),
                    design("fast", 100, 2, {"45nm:bb", "7nm:aa", "own:dd"}),
                    design("other", 150, 5, {"7nm:aa"})};
  const Ratios ratios = ratios_of(report);
  EXPECT_EQ(ratios.reference->label, "fast");
  ASSERT_EQ(ratios.list.size(), 3U) << "'own' is another table in each design";
  EXPECT_EQ(ratios.list[0].node + " " + ratios.list[0].design->label, "45nm slow");
  EXPECT_EQ(ratios.list[1].node + " " + ratios.list[1].design->label, "7nm slow");
  EXPECT_EQ(ratios.list[2].node + " " + ratios.list[2].design->label, "7nm other");
  EXPECT_DOUBLE_EQ(ratios.list[1].time, 3);
  EXPECT_DOUBLE_EQ(ratios.list[2].time, 1.5);
  EXPECT_EQ(ratios.list[1].energy.paired.nominal, 1.5);
  EXPECT_EQ(ratios.list[2].energy.paired.low, 2.5);
  EXPECT_EQ(ratios.list[2].voltages, "2 V (assumed), 5 V (assumed)");
  EXPECT_TRUE(ratios_of({}).list.empty());
  report.designs.resize(1);
  EXPECT_TRUE(ratios_of(report).list.empty()) << "one design is compared with nothing";
}

}  // namespace
}  // namespace quatrain::sim::report
