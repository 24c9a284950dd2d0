#include "sim/accelerator/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace quatrain::tests {
namespace {

using sim::Bounds;
using sim::Component;
using sim::ComponentEnergy;
using testing::ElementsAre;
using testing::IsEmpty;

ComponentEnergy line(Component component, const std::string& family, const Bounds& energy_pj,
                     std::optional<sim::Voltage> voltage = {}) {
  ComponentEnergy made{component, "constant", 1, {}, energy_pj};
  made.per_event.family = family;
  made.per_event.voltage = std::move(voltage);
  return made;
}

/// Gates 1 to 3 in both, DRAM 10 to 20: the design has half of the gates' energy and all of the DRAM's.
TEST(EnergyRatio, ByHand) {
  const std::vector<ComponentEnergy> design = {line(Component::pe_combinational, "gates", {1, 2, 3}),
                                               line(Component::dram, "dram", {10, 12, 20})},
                                     reference = {line(Component::pe_combinational, "gates", {2, 4, 6}),
                                                  line(Component::dram, "dram", {10, 12, 20})};
  const auto ratio = energy_ratio(design, reference);
  ASSERT_TRUE(ratio);
  EXPECT_DOUBLE_EQ(ratio->paired.low, 11.0 / 12);
  EXPECT_DOUBLE_EQ(ratio->paired.nominal, 14.0 / 16);
  EXPECT_DOUBLE_EQ(ratio->paired.high, 23.0 / 26);
  EXPECT_DOUBLE_EQ(ratio->smallest, 13.0 / 16) << "gates high, DRAM low";
  EXPECT_DOUBLE_EQ(ratio->largest, 21.0 / 22) << "gates low, DRAM high";
  EXPECT_THAT(ratio->mixed, IsEmpty());
  EXPECT_FALSE(energy_ratio(design, {}));
  EXPECT_FALSE(energy_ratio({}, design));
}

TEST(EnergyRatio, NamesComponentsOfDifferentFamilies) {
  const std::vector<ComponentEnergy> design = {line(Component::pe_combinational, "gates", {1, 2, 3}),
                                               line(Component::quantizer, "gates", {1, 1, 1}),
                                               line(Component::dram, "dram", {1, 1, 1})},
                                     reference = {line(Component::pe_combinational, "published", {1, 2, 3}),
                                                  line(Component::pe_combinational, "gates", {1, 2, 3}),
                                                  line(Component::dram, "dram", {1, 1, 1})};
  EXPECT_THAT(energy_ratio(design, reference)->mixed,
              ElementsAre("pe_combinational: gates against gates and published"))
      << "a component that one of them has not is no mixture";
}

/// All choices of a bound for each family, one by one.
TEST(EnergyRatio, FamiliesApartAreTheExtremesOfAllChoices) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> amount(0.01, 2);
  const auto bounds = [&] {
    const double low = amount(random), nominal = low + amount(random);
    return Bounds{low, nominal, nominal + amount(random)};
  };
  for (int round = 0; round < 300; ++round) {
    const int families = 1 + round % 5;
    std::vector<ComponentEnergy> design, reference;
    for (int f = 0; f < families; ++f) {
      const std::string name(1, static_cast<char>('a' + f));
      design.push_back(line(Component::dram, name, bounds()));
      if (f != 1) reference.push_back(line(Component::dram, name, bounds()));
      if (f == 2) reference.push_back(line(Component::quantizer, name, bounds()));
    }
    int choices = 1;
    for (int f = 0; f < families; ++f) choices *= 3;
    double smallest = 1e9, largest = 0;
    for (int choice = 0; choice < choices; ++choice) {
      const auto sum = [&](const std::vector<ComponentEnergy>& lines) {
        double all = 0;
        for (const ComponentEnergy& l : lines) {
          int digit = choice;
          for (char c = 'a'; c < l.per_event.family[0]; ++c) digit /= 3;
          const double values[] = {l.energy_pj.low, l.energy_pj.nominal, l.energy_pj.high};
          all += values[digit % 3];
        }
        return all;
      };
      smallest = std::min(smallest, sum(design) / sum(reference));
      largest = std::max(largest, sum(design) / sum(reference));
    }
    const auto ratio = energy_ratio(design, reference);
    ASSERT_TRUE(ratio);
    ASSERT_NEAR(ratio->smallest, smallest, 1e-12) << round;
    ASSERT_NEAR(ratio->largest, largest, 1e-12) << round;
  }
}

TEST(EnergyRatio, VoltagesAndFamiliesInWords) {
  const std::vector<ComponentEnergy> lines = {
      line(Component::dram, "dram", {1, 1, 1}),
      line(Component::epilogue, "published", {1, 1, 1}, sim::Voltage{0.9, "published"}),
      line(Component::quantizer, "gates", {1, 1, 1}, sim::Voltage{0.55, "assumed"}),
      line(Component::quantizer, "published", {1, 1, 1}, sim::Voltage{0.9, "published"})};
  EXPECT_EQ(sim::voltages_of(lines), "0.55 V (assumed), 0.9 V, not stated");
  EXPECT_EQ(sim::families_of(lines), "dram, published, gates");
  EXPECT_EQ(sim::voltages_of({}), "");
}

}  // namespace
}  // namespace quatrain::tests
