#include "sim/accelerator/technology.hpp"

#include "sim/embedded/config_file.hpp"
#include "sim/embedded/resources.hpp"
#include "tests/support/json_change.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace quatrain::tests {
namespace {

using nlohmann::ordered_json;
using sim::Access;
using sim::Technology;
using sim::TechnologyRow;

ordered_json table(std::string_view node) {
  return ordered_json::parse(*sim::embedded_resource("configs/technology/" + std::string(node) + ".json"));
}

Technology embedded(std::string_view node) {
  return Technology::read(sim::open_config(node, sim::ConfigKind::technology));
}

Technology read(const std::string& text) { return Technology::read(base::JsonNode::parse(text, "t.json")); }

TEST(Technology, EveryEmbeddedTableFitsReaderAndSchema) {
  const JsonSchema schema("technology");
  const auto names = sim::embedded_configs(sim::ConfigKind::technology);
  EXPECT_EQ(names, (std::vector<std::string_view>{"16nm", "28nm", "45nm", "7nm"}));
  for (const std::string_view name : names) {
    EXPECT_EQ(embedded(name).name(), name);
    EXPECT_EQ(schema.complaint(table(name).dump()), "") << name;
  }
}

TEST(Technology, ReaderAndSchemaGiveTheSameVerdicts) {
  const std::vector<JsonChange> changes = {
      {"/rows/fp32_mul/value", 1, ""},
      {"/rows/fp32_mul/value", "1",
       "t.json: /rows/fp32_mul/value: found '1'; expected a number from 0 to 1000000"},
      {"/rows/fp32_mul/value", -1,
       "t.json: /rows/fp32_mul/value: found -1; expected a number from 0 to 1000000"},
      {"/rows/fp32_mul/unit", "fJ", "t.json: /rows/fp32_mul/unit: found 'fJ'; expected 'pJ per operation'"},
      {"/rows/fp32_mul/kind", "guessed",
       "t.json: /rows/fp32_mul/kind: found 'guessed'; expected 'measured', 'published', 'derived' or "
       "'assumed'"},
      {"/rows/fp32_mul/source", "",
       "t.json: /rows/fp32_mul/source: found a string of 0 bytes; expected from 1 to 1000"},
      {"/rows/fp32_mul/verified", "yes",
       "t.json: /rows/fp32_mul/verified: unknown key; expected 'value', 'low', 'high', 'unit', 'kind', "
       "'source', 'node', 'voltage', 'family' or 'conditions'"},
      {"/rows/fp32_mul/voltage", nullptr, ""},
      {"/rows/fp32_mul/voltage", {{"volts", 0.55}, {"kind", "measured"}}, ""},
      {"/rows/fp32_mul/voltage",
       {{"volts", 0.05}, {"kind", "measured"}},
       "t.json: /rows/fp32_mul/voltage/volts: found 0.05; expected a number from 0.1 to 10"},
      {"/rows/fp32_mul/voltage",
       {{"volts", 0.55}},
       "t.json: /rows/fp32_mul/voltage: the key 'kind' is missing"},
      {"/rows/fp32_mul/voltage", removed, "t.json: /rows/fp32_mul: the key 'voltage' is missing"},
      {"/rows/fp32_mul/family", "",
       "t.json: /rows/fp32_mul/family: found a string of 0 bytes; expected from 1 to 60"},
      {"/rows/fp32_mul", removed, ""},
      {"/rows", ordered_json::object(), ""},
      {"/rows/pe_of_mine", table("7nm")["rows"]["fp32_mul"], ""},
      {"/rows/fp64_mul", table("7nm")["rows"]["fp32_mul"],
       "t.json: /rows/fp64_mul: unknown key; did you mean 'fp32_mul'?"},
      {"/sram/words/0/kib", 4, "t.json: /sram/words/0/kib: found 4; expected an integer from 8 to 8"},
      {"/sram/words/1/width_bits", 96,
       "t.json: /sram/words/1/width_bits: found 96; expected an integer from 128 to 128"},
      {"/sram/words/24", table("7nm")["sram"]["words"][0],
       "t.json: /sram/words: found 25 items; expected 24"},
      {"/area/nand2/unit", "mm2",
       "t.json: /area/nand2/unit: found 'mm2'; expected 'um2 per NAND2 equivalent'"},
      {"/area/sram", removed, "t.json: /area: the key 'sram' is missing"},
      {"/area", removed, "t.json: /: the key 'area' is missing"},
      {"/sram/unit", "fJ", "t.json: /sram/unit: found 'fJ'; expected 'pJ per word'"},
      {"/name", "../7nm",
       "t.json: /name: found '../7nm'; expected characters of A-Z a-z 0-9 _ . -, no dot in front"},
      {"/$schema", "../schemas/technology.schema.json", ""},
      {"/$schema", 7, "t.json: /$schema: found 7; expected a string"},
      {"/node_nm", 7, "t.json: /node_nm: unknown key; expected 'name', 'rows', 'sram' or 'area'"}};
  const JsonSchema schema("technology");
  for (const JsonChange& change : changes) {
    const std::string text = changed(table("7nm"), change);
    SCOPED_TRACE(text);
    EXPECT_EQ(message_of([&] { read(text); }),
              change.message.empty() ? "nothing was thrown" : change.message);
    EXPECT_EQ(schema.complaint(text).empty(), change.message.empty()) << schema.complaint(text);
  }
}

/// A schema does not compare one value with another.
TEST(Technology, OnlyTheReaderJudgesTheOrderOfARange) {
  const std::vector<JsonChange> only_reader = {
      {"/rows/fp32_mul/low", 2,
       "t.json: /rows/fp32_mul: found low 2, value 1.31, high 1.703; expected low <= value <= high"},
      {"/rows/fp32_mul/high", 1,
       "t.json: /rows/fp32_mul: found low 0.655, value 1.31, high 1; expected low <= value <= high"},
      {"/sram/words/23/write/high", 0.5,
       "t.json: /sram/words/23/write: found low 19.16, value 34.48, high 0.5; expected low <= value <= "
       "high"}};
  const JsonSchema schema("technology");
  for (const JsonChange& change : only_reader) {
    const std::string text = changed(table("7nm"), change);
    EXPECT_EQ(message_of([&] { read(text); }), change.message);
    EXPECT_EQ(schema.complaint(text), "") << change.pointer;
  }
}

/// A table lists the rows that a design prices; one that lacks is missed when it is asked for.
TEST(Technology, AMissingRowIsAnErrorWhenItIsPriced) {
  ordered_json only_mul = table("45nm");
  only_mul["rows"] = {{"fp32_mul", table("45nm")["rows"]["fp32_mul"]}};
  const Technology node = read(only_mul.dump());
  EXPECT_EQ(node.row(TechnologyRow::fp32_mul).pj.nominal, 3.7);
  EXPECT_EQ(message_of([&] { node.row(TechnologyRow::fp32_add); }),
            "t.json: /rows: the key 'fp32_add' is missing; expected the energy of every event of the design");
}

TEST(Technology, RowsKeepValueAndOrigin) {
  const sim::Constant row = embedded("45nm").row(TechnologyRow::fp32_mul);
  EXPECT_EQ(row.pj.nominal, 3.7);
  EXPECT_EQ(row.pj.low, 2.96);
  EXPECT_EQ(row.pj.high, 4.81);
  EXPECT_EQ(row.unit, "pJ per operation");
  EXPECT_EQ(row.kind, "published");
  EXPECT_EQ(row.source, "Horowitz, ISSCC 2014, figure 1.1.9");
  EXPECT_EQ(row.family, "Horowitz 2014");
  EXPECT_EQ(row.voltage->volts, 0.9);
  EXPECT_EQ(text_of(row.voltage), "0.9 V");
  EXPECT_EQ(text_of(embedded("7nm").row(TechnologyRow::fp32_mul).voltage), "not stated");
  EXPECT_EQ(text_of(embedded("7nm").row(TechnologyRow::flipflop_bit_clock).voltage), "0.7 V (assumed)");
  EXPECT_EQ(text_of(embedded("45nm").sram({32, 64, Access::read}).voltage), "1.1 V");
}

/// 45 nm, 64 bit: 15.41 pJ at 32 KiB, 21.56 pJ at 64 KiB. Half-way on the log scale is the geometric mean.
TEST(Technology, SramIsInterpolatedOnLogarithms) {
  const Technology node = embedded("45nm");
  EXPECT_EQ(node.sram({32, 64, Access::read}).pj.nominal, 15.41);
  EXPECT_EQ(node.sram({64, 64, Access::read}).pj.nominal, 21.56);
  EXPECT_EQ(node.sram({256, 512, Access::write}).pj.nominal,
            table("45nm")["sram"]["words"][23]["write"]["value"]);
  const double between = node.sram({45, 64, Access::read}).pj.nominal;
  const double share = std::log(45.0 / 32) / std::log(2.0);
  EXPECT_NEAR(between, 15.41 * std::pow(21.56 / 15.41, share), 1e-9);
  EXPECT_GT(node.sram({8.5, 64, Access::read}).pj.nominal, node.sram({8, 64, Access::read}).pj.nominal);
  EXPECT_GT(between, 15.41);
  EXPECT_LT(between, 21.56);
}

/// 8 KiB at 45 nm reads 64 bits for 5.559 (3.9 to 12.6) pJ, 128 bits for 6.831, 256 bits for 13.71.
TEST(Technology, WordsHaveTheWidthThatIsUsed) {
  const Technology node = embedded("45nm");
  const auto read_of = [&](unsigned width) { return node.sram({8, width, Access::read}); };
  EXPECT_EQ(read_of(64).pj.nominal, 5.559);
  EXPECT_NEAR(read_of(181).pj.nominal, 6.831 * std::pow(13.71 / 6.831, std::log2(181.0 / 128)), 1e-9);
  EXPECT_TRUE(read_of(181).conditions.ends_with("; 181 bits between the rows of 128 and 256"));
  EXPECT_EQ(read_of(181).kind, "derived");
  const sim::Constant narrow = read_of(16);
  EXPECT_NEAR(narrow.pj.low, 3.9 / 4, 0.002) << "in proportion to the width";
  EXPECT_NEAR(narrow.pj.nominal, 5.559 * std::pow(5.559 / 6.831, 2), 1e-9) << "as from 128 to 64 bits";
  EXPECT_EQ(narrow.pj.high, read_of(64).pj.high) << "as much as the narrowest word";
  EXPECT_EQ(narrow.kind, "assumed");
  EXPECT_TRUE(narrow.conditions.ends_with("; 16 bits from the rows of 64 and 128"));
  for (const Access access : {Access::read, Access::write})
    for (const double kib : {8.0, 100.0, 3000.0})
      for (unsigned width = 1; width <= 512; ++width) {
        const sim::Bounds pj = node.sram({kib, width, access}).pj;
        ASSERT_LE(pj.low, pj.nominal) << kib << " " << width;
        ASSERT_LE(pj.nominal, pj.high) << kib << " " << width;
      }
}

/// 45 nm: 611 equivalents of 1.14 um2 have sides of 26.4 um; a wire takes 0.1 pJ per bit and mm.
TEST(Technology, WiresAreAsLongAsThePeIsWide) {
  const Technology node = embedded("45nm");
  const sim::Constant wire = node.over_pe({sim::PePitch::What::wire, 611}),
                      tree = node.over_pe({sim::PePitch::What::clock_tree, 611});
  EXPECT_NEAR(wire.pj.nominal, 0.1 * std::sqrt(611 * 1.14) / 1000, 1e-12);
  EXPECT_NEAR(wire.pj.low, 0.04 * std::sqrt(611 * 0.798) / 1000, 1e-12);
  EXPECT_NEAR(wire.pj.high, 0.174 * std::sqrt(611 * 1.6) / 1000, 1e-12);
  EXPECT_NEAR(tree.pj.low, 6 * wire.pj.low, 1e-12) << "1.5 sides, charged in each cycle, not in one of four";
  EXPECT_NEAR(tree.pj.nominal, 12 * wire.pj.nominal, 1e-12);
  EXPECT_NEAR(tree.pj.high, 24 * wire.pj.high, 1e-12);
  EXPECT_EQ(wire.kind, "assumed");
  EXPECT_EQ(tree.unit, "pJ per PE and clock");
}

/// Typed from docs/energy.md.
TEST(Technology, LargerBuffersGrowAsCactiDoesAndThenByTheirRoot) {
  const sim::Technology node = read(table("45nm").dump());
  const sim::Constant last = node.sram({256, 512, Access::write});
  const auto factors = [&](double kib) {
    const sim::Bounds pj = node.sram({kib, 512, Access::write}).pj;
    return std::array{pj.low / last.pj.low, pj.nominal / last.pj.nominal, pj.high / last.pj.high};
  };
  const auto expect = [&](double kib, std::array<double, 3> expected) {
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(factors(kib)[i], expected[i], 1e-9) << kib << " " << i;
  };
  expect(512, {1.26, 1.39, 1.62});
  expect(1024, {1.39, 1.74, 2.26});
  expect(4096, {2.36, 3.44, 3.52});
  expect(2048, {std::sqrt(1.39 * 2.36), std::sqrt(1.74 * 3.44), std::sqrt(2.26 * 3.52)});
  expect(16'384, {2.36 * std::pow(4, 0.3), 3.44 * 2, 3.52 * std::pow(4, 0.7)});
  expect(65'536, {2.36 * std::pow(16, 0.3), 3.44 * 4, 3.52 * std::pow(16, 0.7)});
  EXPECT_NEAR(node.sram({512, 64, Access::read}).pj.nominal / node.sram({256, 64, Access::read}).pj.nominal,
              1.53, 1e-9);
  EXPECT_EQ(node.sram({4096, 64, Access::read}).kind, "derived");
  EXPECT_EQ(node.sram({4097, 64, Access::read}).kind, "assumed");
  EXPECT_TRUE(
      node.sram({4096, 64, Access::read}).conditions.ends_with("; beyond 256 KiB as rows of CACTI 7 grow"));
  EXPECT_TRUE(node.sram({4097, 64, Access::read})
                  .conditions.ends_with(
                      "; extrapolated beyond 4 MiB by the square root of the size (powers 0.3 to 0.7)"));
  for (const unsigned width : sim::sram_widths)
    for (const Access access : {Access::read, Access::write})
      for (double kib = 256; kib < 40'000; kib *= 1.5) {
        const sim::Bounds here = node.sram({kib, width, access}).pj,
                          more = node.sram({1.5 * kib, width, access}).pj;
        EXPECT_LE(here.low, here.nominal);
        EXPECT_LE(here.nominal, here.high);
        EXPECT_LT(here.nominal, more.nominal);
      }
}

/// Smaller nodes cost less, row by row, in the nominal column; DRAM does not know the logic's node.
TEST(Technology, NominalsFallFromNodeToNode) {
  const char* const nodes[] = {"45nm", "28nm", "16nm", "7nm"};
  for (int i = 0; i < 3; ++i) {
    const Technology older = embedded(nodes[i]), newer = embedded(nodes[i + 1]);
    for (TechnologyRow row :
         {sim::operation_row("pe_dual_int32"), sim::operation_row("pe_int4_int32"),
          sim::operation_row("pe_fp7_int32"), sim::operation_row("pe_int8_int32"),
          TechnologyRow::flipflop_bit_clock, sim::operation_row("bf16_mul"), TechnologyRow::fp16_add,
          TechnologyRow::fp32_add, TechnologyRow::fp32_mul, TechnologyRow::int32_mul,
          TechnologyRow::int32_add, TechnologyRow::absmax_fp32, TechnologyRow::luq_lane_r8,
          TechnologyRow::luq_lane_r16, TechnologyRow::rng_philox_16b, TechnologyRow::rng_lfsr_16b})
      EXPECT_GT(older.row(row).pj.nominal, newer.row(row).pj.nominal) << row.name << " at " << nodes[i + 1];
    for (TechnologyRow row : {TechnologyRow::dram_hbm2, TechnologyRow::dram_gddr6, TechnologyRow::dram_lpddr4,
                              TechnologyRow::dram_ddr3})
      EXPECT_EQ(older.row(row).pj.nominal, newer.row(row).pj.nominal) << row.name;
    for (TechnologyRow row : {TechnologyRow::wire, TechnologyRow::gate_leakage})
      EXPECT_GT(older.row(row).pj.nominal, newer.row(row).pj.nominal) << row.name;
    EXPECT_GT(older.nand2_area().um2.nominal, newer.nand2_area().um2.nominal);
    EXPECT_GT(older.sram_area().um2.nominal, newer.sram_area().um2.nominal);
    for (const unsigned width : sim::sram_widths)
      for (const double kib : sim::sram_kib)
        EXPECT_GT(older.sram({kib, width, Access::read}).pj.nominal,
                  newer.sram({kib, width, Access::read}).pj.nominal);
  }
}

/// Chips that were measured as a whole spend 21 to 118 fJ on an INT4 MAC at 7 and 5 nm (docs/energy.md): a
/// model of the array alone must not lie outside 20 to 160 fJ.
TEST(Technology, Int4MacAt7nmIsNearSilicon) {
  const Technology node = embedded("7nm");
  constexpr int register_bits = 44;
  const double fj = 1e3 * (node.row(sim::operation_row("pe_dual_int32")).pj.nominal +
                           register_bits * node.row(TechnologyRow::flipflop_bit_clock).pj.nominal);
  EXPECT_GT(fj, 20);
  EXPECT_LT(fj, 160);
}

/// The gate counts of docs/energy.md times the energy per gate, typed here.
TEST(Technology, GateRowsAreGateCountsTimesEnergyAGate) {
  struct Gates {
    const char* node;
    double fj;
  };
  for (const Gates& g : {Gates{"45nm", 0.42}, Gates{"28nm", 0.32}, Gates{"16nm", 0.24}, Gates{"7nm", 0.15}}) {
    const Technology node = embedded(g.node);
    const auto near_gates = [&](TechnologyRow row, double gates) {
      EXPECT_NEAR(node.row(row).pj.nominal, gates * g.fj * 1e-3, 0.0006) << row.name << " at " << g.node;
    };
    near_gates(sim::operation_row("pe_dual_int32"), 435);
    near_gates(sim::operation_row("pe_int4_int32"), 338);
    near_gates(sim::operation_row("pe_fp7_int32"), 453);
    near_gates(sim::operation_row("pe_int8_int32"), 723);
    near_gates(TechnologyRow::absmax_fp32, 205);
    near_gates(TechnologyRow::luq_lane_r8, 208);
    near_gates(TechnologyRow::luq_lane_r16, 346);
    EXPECT_NEAR(node.row(TechnologyRow::rng_philox_16b).pj.nominal, 1.25 * 8812 * g.fj * 1e-3, 0.01);
  }
}

}  // namespace
}  // namespace quatrain::tests
