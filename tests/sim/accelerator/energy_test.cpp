#include "sim/accelerator/energy.hpp"

#include "sim/accelerator/area.hpp"
#include "sim/embedded/config_file.hpp"

#include <gtest/gtest.h>

#include <map>

namespace quatrain::tests {
namespace {

using sim::AcceleratorConfig;
using sim::Access;
using sim::Component;
using sim::PePitch;
using sim::SramWord;
using sim::TechnologyRow;

AcceleratorConfig small_config(std::string_view pe) {
  AcceleratorConfig config;
  config.array = {4, 3};
  config.pe = &sim::pe_kind(pe);
  config.random_source = pe == "bf16" ? sim::RandomSource::none : sim::RandomSource::philox;
  config.operand_kib = 16, config.accumulator_kib = 8;
  return config;
}

/// m 5, n 7, k 10 on 4 x 3: 6 tiles, 92 cycles, 350 MACs (cycles_test.cpp).
const sim::Mapping mapping{{5, 7, 10, 1}, 1, {4, 3}};
const sim::UseOfArray use = use_of_array(mapping);
const sim::Traffic traffic{100, 70, 140, 33};

std::uint64_t events(const sim::EventCounts& counts, Component component, const sim::Price& price) {
  for (const sim::EventCount& entry : counts.entries())
    if (entry.component == component && entry.price == price) return entry.events;
  return 0;
}

/// 8 bits of operands, 4 (shadow: 5) of control, the sum, whether a word came from above, the shadow
/// register.
TEST(Events, RegistersFollowTheDrain) {
  using rtl_models::Drain;
  for (const auto& [drain, pe_bits, left_bits] :
       {std::tuple{Drain::serial, 44U, 7U}, {Drain::skewed, 45U, 7U}, {Drain::shadow, 78U, 8U}}) {
    auto config = small_config("dual_int4_fp4");
    config.dataflow = rtl_models::OutputStationary{drain};
    const auto counts = events_of(config, mapping, use, traffic, {}, 0);
    EXPECT_EQ(events(counts, Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock),
              12U * pe_bits * 92);
    EXPECT_EQ(events(counts, Component::skew_flip_flops, TechnologyRow::flipflop_bit_clock),
              (6U * left_bits + 3 * 5) * 92);
  }
}

TEST(Events, IntegerPeByHand) {
  const std::vector<sim::QuantizerWork> quantizers = {
      {traces::Rule::sawb_int4, 1000, 0, traces::Alpha::exact, true, false},
      {traces::Rule::luq_fp4, 600, 16, traces::Alpha::exact, true, false},
      {traces::Rule::luq_fp4, 600, 16, traces::Alpha::exact, false, false}};
  const auto counts = events_of(small_config("dual_int4_fp4"), mapping, use, traffic, quantizers, 0);
  EXPECT_EQ(events(counts, Component::pe_combinational, sim::operation_row("pe_dual_int32")), 350U);
  EXPECT_EQ(events(counts, Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock), 12U * 44 * 92);
  EXPECT_EQ(events(counts, Component::skew_flip_flops, TechnologyRow::flipflop_bit_clock),
            (6U * 7 + 3 * 5) * 92);
  // 60 operands per side pass the edges; rows need 16 bits per cycle, columns 12: words of just these widths.
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 16, Access::read}), 60U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 12, Access::read}), 60U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 16, Access::write}), 50U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 12, Access::write}), 47U);
  // Three columns of tiles, 5 rows drained in each, 96 bits per row.
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{8, 96, Access::read}), 15U);
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{8, 96, Access::write}), 15U);
  EXPECT_EQ(events(counts, Component::dram, TechnologyRow::dram_hbm2), 8U * 310);
  EXPECT_EQ(events(counts, Component::quantizer_dram, TechnologyRow::dram_hbm2), 8U * 33);
  EXPECT_EQ(events(counts, Component::quantizer, TechnologyRow::absmax_fp32), 1600U)
      << "the second sample measures nothing";
  EXPECT_EQ(events(counts, Component::quantizer, TechnologyRow::flipflop_bit_clock), 31U * 1600);
  EXPECT_EQ(events(counts, Component::quantizer, TechnologyRow::int32_mul), 1000U);
  EXPECT_EQ(events(counts, Component::quantizer, TechnologyRow::int32_add), 2000U);
  EXPECT_EQ(events(counts, Component::quantizer, TechnologyRow::fp32_mul), 1000U + 2 * 600);
  EXPECT_EQ(events(counts, Component::quantizer, TechnologyRow::luq_lane_r16), 1200U);
  EXPECT_EQ(events(counts, Component::random_source, TechnologyRow::rng_philox_16b), 1200U);
  EXPECT_EQ(events(counts, Component::epilogue, TechnologyRow::fp32_mul), 35U);
  // Two operand codes with each MAC; words of 4 rows take 4 + 3 + 2 + 1 hops, those of 1 row one, in 7
  // columns.
  EXPECT_EQ(events(counts, Component::wires, PePitch{PePitch::What::wire, 435 + 4 * 44}),
            4U * 2 * 350 + 32 * 7 * (10 + 1));
  EXPECT_EQ(events(counts, Component::clock_tree, PePitch{PePitch::What::clock_tree, 435 + 4 * 44}),
            12U * 92);
  EXPECT_EQ(counts.entries().size(), 21U) << "nothing else is priced";
}

TEST(Events, Bf16PeByHand) {
  const std::vector<sim::QuantizerWork> quantizers = {
      {traces::Rule::sawb_int4, 1000, 0, traces::Alpha::exact, true, false}};
  const auto counts = events_of(small_config("bf16"), mapping, use, traffic, quantizers, 0);
  EXPECT_EQ(events(counts, Component::pe_combinational, sim::operation_row("bf16_mul")), 350U);
  EXPECT_EQ(events(counts, Component::pe_combinational, TechnologyRow::fp32_add), 350U);
  EXPECT_EQ(events(counts, Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock), 12U * 68 * 92);
  EXPECT_EQ(events(counts, Component::skew_flip_flops, TechnologyRow::flipflop_bit_clock),
            (6U * 19 + 3 * 17) * 92);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 64, Access::read}), 60U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 48, Access::read}), 60U);
  EXPECT_EQ(events(counts, Component::dram, TechnologyRow::dram_hbm2), 8U * 310);
  EXPECT_EQ(events(counts, Component::wires, PePitch{PePitch::What::wire, 2322 + 4 * 68}),
            16U * 2 * 350 + 32 * 7 * (10 + 1));
  EXPECT_EQ(counts.entries().size(), 13U)
      << "no quantizer and none of its bytes, no random source, no epilogue";
}

TEST(Events, LanesAndRandomSources) {
  AcceleratorConfig config = small_config("dual_int4_fp4");
  config.random_source = sim::RandomSource::lfsr;
  const std::vector<sim::QuantizerWork> quantizers = {
      {traces::Rule::luq_fp4, 601, 4, traces::Alpha::pow2, true, false},
      {traces::Rule::nearest_fp4, 100, 0, traces::Alpha::exact, true, false}};
  const auto counts = events_of(config, mapping, use, traffic, quantizers, 0);
  EXPECT_EQ(events(counts, Component::random_source, TechnologyRow::rng_lfsr_16b), 151U)
      << "601 draws of 4 bits";
  EXPECT_EQ(events(counts, Component::random_source, TechnologyRow::rng_philox_16b), 0U);
  EXPECT_EQ(events(counts, Component::quantizer, TechnologyRow::luq_lane_r8), 701U);
  EXPECT_EQ(events(counts, Component::quantizer, TechnologyRow::fp32_mul), 100U)
      << "pow2 needs no multiplier";
}

/// Gated, a PE has a clock for each MAC, in the cycle after its last operand, and while results leave it: in
/// the bottom row of a tile that is one cycle.
TEST(Events, IdlePesHaveNoClockWhereTheConfigSaysSo) {
  AcceleratorConfig config = small_config("dual_int4_fp4");
  const auto every = events_of(config, mapping, use, traffic, {}, 0);
  config.clock_gating = sim::ClockGating::idle_pes;
  const auto gated = events_of(config, mapping, use, traffic, {}, 0);
  EXPECT_EQ(events(gated, Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock),
            44U * (350 + 7 * (3 + 0) + 7 * (10 + 1)));
  for (const sim::EventCount& entry : every.entries())
    if (entry.component != Component::pe_flip_flops) {
      EXPECT_EQ(events(gated, entry.component, entry.price), entry.events) << name_of(entry.component);
    }
}

/// 92 cycles at 800 MHz are 115 ns.
TEST(Events, LeakageOfLogicAndMemories) {
  AcceleratorConfig config = small_config("dual_int4_fp4");
  config.clock_mhz = 800;
  const std::uint64_t array = 12 * (435 + 4 * 44) + 4 * (6 * 7 + 3 * 5);
  auto counts = leakage_of(config, 92);
  EXPECT_EQ(events(counts, Component::leakage, TechnologyRow::gate_leakage), 115 * array);
  EXPECT_EQ(events(counts, Component::sram_leakage, TechnologyRow::sram_leakage), 115U * (16 + 8));
  EXPECT_EQ(counts.entries().size(), 2U);
  config.quantizers = {.lanes = 5};
  counts = leakage_of(config, 92);
  EXPECT_EQ(events(counts, Component::leakage, TechnologyRow::gate_leakage),
            115 * (array + 5 * (205 + 4 * 31 + 346 + 11'015)));
  config.random_source = sim::RandomSource::lfsr;
  counts = leakage_of(config, 92);
  EXPECT_EQ(events(counts, Component::leakage, TechnologyRow::gate_leakage),
            115 * (array + 5 * (205 + 4 * 31 + 346 + 99 + 4 * 32)));
}

TEST(Events, EveryPeKindHasGates) {
  for (const sim::PeKind* kind : sim::pe_kinds()) EXPECT_GT(kind->gates, 0U) << kind->name;
}

TEST(Events, WideSidesTakeSeveralWords) {
  AcceleratorConfig config = small_config("bf16");
  config.array = {64, 16};
  const sim::Mapping wide{{64, 16, 10, 1}, 1, {64, 16}};
  const auto counts = events_of(config, wide, use_of_array(wide), {}, {}, 0);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 512, Access::read}), 20U)
      << "1024 bits per cycle";
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 256, Access::read}), 10U);
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{8, 512, Access::read}), 64U);
}

/// 4 rows of bf16 take 64 bits in a cycle, 3 columns 48, and a row of sums 96. Written bytes: 100 and 70.
TEST(Events, BanksAndWidthOfWords) {
  AcceleratorConfig config = small_config("bf16");
  config.operand_kib = 64, config.accumulator_kib = 32;
  config.banks = 2;
  auto counts = events_of(config, mapping, use, traffic, {});
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{16, 64, Access::read}), 60U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{16, 48, Access::read}), 60U);
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{16, 96, Access::write}), 15U);
  config.width_bits = 64;
  counts = events_of(config, mapping, use, traffic, {});
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{16, 64, Access::read}), 120U)
      << "a word that is used in part costs in full";
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{16, 64, Access::write}), 13U + 9);
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{16, 64, Access::read}), 30U);
  config.unified_buffer = true;
  config.banks = 4;
  counts = events_of(config, mapping, use, traffic, {});
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{24, 64, Access::read}), 120U);
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{24, 64, Access::read}), 30U);
  EXPECT_EQ(total_mm2(area_by_component(config, sim::Technology::read(
                                                    sim::open_config("7nm", sim::ConfigKind::technology))))
                .nominal,
            total_mm2(area_by_component(
                          [&] {
                            AcceleratorConfig one = config;
                            one.banks = 1;
                            return one;
                          }(),
                          sim::Technology::read(sim::open_config("7nm", sim::ConfigKind::technology))))
                .nominal);
}

/// The whole roll-up at 7 nm by hand, from the constants of configs/technology/7nm.json.
TEST(Energy, RollUpByHand) {
  const auto technology = sim::Technology::read(sim::open_config("7nm", sim::ConfigKind::technology));
  sim::EventCounts counts;
  counts.add(Component::pe_combinational, sim::operation_row("pe_dual_int32"), 350);
  counts.add(Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock, 1000);
  counts.add(Component::dram, TechnologyRow::dram_hbm2, 80);
  counts.add(Component::operand_sram, SramWord{32, 128, Access::read}, 10);
  counts.add(Component::pe_combinational, sim::operation_row("pe_dual_int32"), 50);
  const sim::Bounds sum = energy_pj(counts, technology);
  EXPECT_NEAR(sum.low, 400 * 0.0131 + 1000 * 0.0003 + 80 * 3.9 + 10 * 1.413, 1e-9);
  EXPECT_NEAR(sum.nominal, 400 * 0.0653 + 1000 * 0.0012 + 80 * 3.97 + 10 * 2.543, 1e-9);
  EXPECT_NEAR(sum.high, 400 * 0.0957 + 1000 * 0.0032 + 80 * 7.0 + 10 * 11.99, 1e-9);
  const auto lines = energy_by_component(counts, technology);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].events, 400U);
  EXPECT_EQ(lines[0].constant, "pe_dual_int32");
  EXPECT_EQ(lines[2].constant, "sram_32kib_128bit_read");
  EXPECT_EQ(lines[2].per_event.kind, "assumed");
  EXPECT_EQ(sim::kinds_of(lines), "published+derived+assumed");
}

/// Two constants of a component: one sum, each kind once.
TEST(Energy, TotalsByComponentNameTheKindsOfTheirConstants) {
  const auto technology = sim::Technology::read(sim::open_config("7nm", sim::ConfigKind::technology));
  sim::EventCounts counts;
  counts.add(Component::quantizer, TechnologyRow::luq_lane_r16, 3);
  counts.add(Component::quantizer, TechnologyRow::fp32_mul, 5);
  counts.add(Component::quantizer, TechnologyRow::absmax_fp32, 7);
  counts.add(Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock, 11);
  const auto lines = energy_by_component(counts, technology);
  const auto totals = sim::totals_by_component(lines);
  ASSERT_EQ(totals.size(), 2U);
  EXPECT_EQ(totals[0].component, Component::pe_flip_flops);
  EXPECT_EQ(totals[0].kinds, "derived");
  EXPECT_EQ(totals[1].component, Component::quantizer);
  EXPECT_EQ(totals[1].kinds, "published+derived");
  EXPECT_DOUBLE_EQ(totals[1].energy_pj.high,
                   lines[1].energy_pj.high + lines[2].energy_pj.high + lines[3].energy_pj.high);
  EXPECT_EQ(sim::totals_by_component({}).size(), 0U);
}

}  // namespace
}  // namespace quatrain::tests
