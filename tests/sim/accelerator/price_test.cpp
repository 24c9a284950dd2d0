#include "sim/accelerator/price.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using sim::Access;
using sim::SramWord;

TEST(Price, NamesAreReadBack) {
  for (const sim::TechnologyRow& row : sim::known_rows()) {
    EXPECT_EQ(name_of(sim::Price(row)), row.name);
    EXPECT_EQ(sim::price_named(row.name), sim::Price(row));
  }
  for (const double kib : {8.0, 8.5, 32.0, 1500.0, 65'536.0})
    for (const unsigned width : {1U, 12U, 96U, 512U})
      for (const Access access : {Access::read, Access::write}) {
        const sim::Price price = SramWord{kib, width, access};
        EXPECT_EQ(sim::price_named(name_of(price)), price) << name_of(price);
      }
  for (const auto what : {sim::PePitch::What::wire, sim::PePitch::What::clock_tree}) {
    const sim::Price price = sim::PePitch{what, 611};
    EXPECT_EQ(sim::price_named(name_of(price)), price) << name_of(price);
  }
  EXPECT_EQ(name_of(sim::Price(sim::PePitch{sim::PePitch::What::wire, 611})), "wire_over_pe_of_611_gates");
  EXPECT_EQ(name_of(sim::Price(SramWord{8.5, 128, Access::write})), "sram_8.5kib_128bit_write");
}

TEST(Price, OtherNamesAreNone) {
  for (const char* name : {"", "dram", "fp32_mul ", "sram_8kib_128bit_", "sram_8kib_128bit_reads",
                           "sram_4kib_128bit_read", "sram_8kib_0bit_read", "sram_8kib_513bit_read",
                           "wire_over_pe_of_611_gate", "wires_over_pe_of_611_gates", "sram_xkib_128bit_read",
                           "sram_65537kib_128bit_read", "sram_8kib_-128bit_read"})
    EXPECT_FALSE(sim::price_named(name)) << name;
}

}  // namespace
}  // namespace quatrain::tests
