#include "sim/machines.hpp"

#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using testing::ElementsAre;

TEST(MachinesNamed, NamesAndBeginningsInRegistryOrderEachOnce) {
  EXPECT_THAT(sim::machines_named("systemc.array"), ElementsAre("systemc.array"));
  EXPECT_THAT(sim::machines_named("simt,emu"),
              ElementsAre("emu.naive", "emu.blocked", "simt.naive", "simt.tiled", "simt.octets", "simt.mma",
                          "simt.async"));
  EXPECT_THAT(sim::machines_named("emu.b,emu,emu.blocked"), ElementsAre("emu.naive", "emu.blocked"));
  EXPECT_THAT(sim::machines_named("cuda."),
              ElementsAre("cuda.naive", "cuda.tiled", "cuda.octets", "cuda.mma", "cuda.async"));
}

TEST(MachinesNamed, ASlowMachineIsMeantByItsWholeName) {
  EXPECT_THAT(sim::machines_named("simt.literal,simt.t"), ElementsAre("simt.literal", "simt.tiled"));
  EXPECT_NE(message_of([] { sim::machines_named("simt.l"); }), "");
}

TEST(MachinesNamed, AWordThatFitsNoneIsRefusedWithTheKnownOnes) {
  const std::string known =
      "; expected names or their beginnings of emu.naive, emu.blocked, systemc.pe, systemc.array, "
      "systemc.tile, "
      "simt.literal, simt.naive, simt.tiled, simt.octets, simt.mma, simt.async, cuda.literal, cuda.naive, "
      "cuda.tiled, cuda.octets, cuda.mma, cuda.async";
  EXPECT_EQ(message_of([] { sim::machines_named("emu,gpu"); }), "no machine 'gpu'" + known);
  EXPECT_EQ(message_of([] { sim::machines_named("emu,"); }), "no machine ''" + known);
  EXPECT_EQ(message_of([] { sim::machines_named("naive"); }), "no machine 'naive'" + known);
}

TEST(KnownMachines, AreThoseOfEveryFamilyInTheOrderOfTheTables) {
  EXPECT_THAT(
      sim::known_machines(),
      ElementsAre("emu.naive", "emu.blocked", "systemc.pe", "systemc.array", "systemc.tile", "simt.literal",
                  "simt.naive", "simt.tiled", "simt.octets", "simt.mma", "simt.async", "cuda.literal",
                  "cuda.naive", "cuda.tiled", "cuda.octets", "cuda.mma", "cuda.async"));
}

TEST(KnownMachines, AllButTheLiteralRungAreQuick) {
  std::vector<std::string> quick = sim::known_machines();
  std::erase_if(quick, [](const std::string& name) { return name.ends_with(".literal"); });
  EXPECT_EQ(quick.size(), sim::known_machines().size() - 2);
  EXPECT_EQ(sim::quick_machines(), quick);
}

TEST(MakeMachines, EveryKnownMachineHasAnEntryAndOnlyWantedOnesAreMade) {
  base::ThreadPool pool(1);
  const std::vector<std::string> wanted{"emu.blocked", "simt.tiled"};
  const auto machines = sim::make_machines(wanted, pool);
  ASSERT_EQ(machines.size(), sim::known_machines().size());
  for (std::size_t i = 0; i < machines.size(); ++i) {
    EXPECT_EQ(machines[i].name, sim::known_machines()[i]);
    const bool is_wanted = machines[i].name == wanted[0] || machines[i].name == wanted[1];
    EXPECT_EQ(machines[i].machine != nullptr, is_wanted) << machines[i].name;
    EXPECT_EQ(machines[i].why_not, is_wanted ? "" : "not asked for");
    if (is_wanted) {
      EXPECT_EQ(machines[i].machine->name(), machines[i].name);
    }
  }
}

TEST(MakeMachines, EachEntryHasItsMachineOrItsReason) {
  base::ThreadPool pool(1);
  const std::vector<std::string> all = sim::known_machines();
  for (const auto& entry : sim::make_machines(all, pool)) {
    EXPECT_NE(entry.machine == nullptr, entry.why_not.empty()) << entry.name;
    if (entry.machine) {
      EXPECT_EQ(entry.machine->name(), entry.name);
    }
  }
}

}  // namespace
}  // namespace quatrain::tests
