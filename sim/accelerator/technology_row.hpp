#pragma once
/// Names and units of the constants in a technology table (configs/technology/*.json). Those of PEs stand
/// with their kinds (pe/).

#include <string_view>

namespace quatrain::sim {

/// A row of a table: its key, and the unit in which it has to stand there.
struct TechnologyRow {
  std::string_view name, unit;

  static const TechnologyRow flipflop_bit_clock, fp16_add, fp32_add, fp32_mul, int32_mul, int32_add,
      absmax_fp32, luq_lane_r8, luq_lane_r16, rng_philox_16b, rng_lfsr_16b, dram_hbm2, dram_gddr6,
      dram_lpddr4, dram_ddr3, wire, gate_leakage, sram_leakage;

  friend constexpr bool operator==(const TechnologyRow&, const TechnologyRow&) = default;
};

/// A row whose event is one operation.
constexpr TechnologyRow operation_row(std::string_view name) { return {name, "pJ per operation"}; }

inline constexpr TechnologyRow TechnologyRow::flipflop_bit_clock{"flipflop_bit_clock",
                                                                 "pJ per bit and clock"},
    TechnologyRow::fp16_add = operation_row("fp16_add"), TechnologyRow::fp32_add = operation_row("fp32_add"),
    TechnologyRow::fp32_mul = operation_row("fp32_mul"),
    TechnologyRow::int32_mul = operation_row("int32_mul"),
    TechnologyRow::int32_add = operation_row("int32_add"),
    TechnologyRow::absmax_fp32 = operation_row("absmax_fp32"),
    TechnologyRow::luq_lane_r8 = operation_row("luq_lane_r8"),
    TechnologyRow::luq_lane_r16 = operation_row("luq_lane_r16"),
    TechnologyRow::rng_philox_16b{"rng_philox_16b", "pJ per 16 random bits"},
    TechnologyRow::rng_lfsr_16b{"rng_lfsr_16b", "pJ per 16 random bits"},
    TechnologyRow::dram_hbm2{"dram_hbm2", "pJ per bit"},
    TechnologyRow::dram_gddr6{"dram_gddr6", "pJ per bit"},
    TechnologyRow::dram_lpddr4{"dram_lpddr4", "pJ per bit"},
    TechnologyRow::dram_ddr3{"dram_ddr3", "pJ per bit"}, TechnologyRow::wire{"wire", "pJ per bit and mm"},
    TechnologyRow::gate_leakage{"gate_leakage", "pJ per NAND2 equivalent and ns"},
    TechnologyRow::sram_leakage{"sram_leakage", "pJ per KiB and ns"};

/// Rows that the simulator prices whatever the PE.
inline constexpr TechnologyRow common_rows[] = {
    TechnologyRow::flipflop_bit_clock, TechnologyRow::fp16_add,
    TechnologyRow::fp32_add,           TechnologyRow::fp32_mul,
    TechnologyRow::int32_mul,          TechnologyRow::int32_add,
    TechnologyRow::absmax_fp32,        TechnologyRow::luq_lane_r8,
    TechnologyRow::luq_lane_r16,       TechnologyRow::rng_philox_16b,
    TechnologyRow::rng_lfsr_16b,       TechnologyRow::dram_hbm2,
    TechnologyRow::dram_gddr6,         TechnologyRow::dram_lpddr4,
    TechnologyRow::dram_ddr3,          TechnologyRow::wire,
    TechnologyRow::gate_leakage,       TechnologyRow::sram_leakage};

}  // namespace quatrain::sim
