#pragma once
/// What an accelerator is: the contents of configs/accelerators/*.json, read strictly. Only what the program
/// implements is accepted. configs/schemas/accelerator.schema.json says the same for editors.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"
#include "sim/accelerator/dataflow/convention.hpp"
#include "sim/accelerator/mapping/blocks.hpp"
#include "sim/accelerator/memory/stalls.hpp"
#include "sim/accelerator/pe/pe_kind.hpp"
#include "sim/accelerator/quantizer_design.hpp"
#include "traces/accumulator.hpp"
#include "traces/base/strict_json.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace quatrain::sim {

/// Where stochastic rounding gets its bits. It decides energy only: a replay takes the codes of the trace.
enum class RandomSource : std::uint8_t { philox, lfsr, none };
/// Which PEs get no clock.
enum class ClockGating : std::uint8_t {
  none,     ///< every register is clocked in every cycle
  idle_pes  ///< those that nothing enters or leaves in this cycle
};
/// How many MACs switch the logic of a PE as the constants of the tables say.
enum class Switching : std::uint8_t {
  uniform,  ///< every one: as with uniform random operands
  toggles   ///< as many as operand bits have changed, over what uniform random operands would change
};
enum class Dram : std::uint8_t { hbm2, gddr6, lpddr4, ddr3 };

std::string_view name_of(RandomSource source);
std::string_view name_of(Dram dram);

/// Tile after tile, without blocks: columns of tiles outside, rows of tiles inside.
struct TilesInOrder {};
/// For each GEMM the blocks with the least of something. Time needs stalls; energy is that of the first
/// technology table, nominal.
enum class SearchedFor : std::uint8_t { dram_bytes, time, energy };
struct SearchedBlocks {
  SearchedFor least = SearchedFor::dram_bytes;
};
/// How every GEMM is mapped.
using MappingChoice = std::variant<TilesInOrder, Blocks, SearchedBlocks>;

/// When the DRAM answers.
struct DramDetails {
  bool stalls = false;  ///< false: the others have no effect
  double latency_ns = 0;
  std::uint32_t burst_bytes = 1;
  double efficiency = 1;         ///< share of gib_per_s that bursts reach
  std::uint32_t page_bytes = 0;  ///< 0: without pages
  double page_miss_ns = 0;
};

/// Elements that the fp32 vector unit starts in a cycle, where a config does not say. It counts in whole
/// training steps alone (sim/step).
inline constexpr unsigned default_vector_lanes = 32;

/// Operands as recorded: the only word of that key.
struct AcceleratorConfig {
  std::string name;
  rtl_models::ArrayShape array;
  rtl_models::Dataflow dataflow;
  Convention convention = Convention::quatrain;
  const PeKind* pe = pe_kinds().front();
  traces::Accumulator accumulator;  ///< of an integer PE; that of a float PE has 32 bits
  RandomSource random_source = RandomSource::philox;
  double clock_mhz = 1000;
  ClockGating clock_gating = ClockGating::none;
  bool zero_gating = false;  ///< the logic of a PE does not switch where an operand is zero
  Switching switching = Switching::uniform;
  unsigned operand_kib = 64;           ///< half of it for each side
  unsigned accumulator_kib = 64;       ///< results pass through it on their way out
  bool unified_buffer = false;         ///< both together are one memory, shared by each GEMM as it needs
  unsigned banks = 1;                  ///< equal parts of every buffer; a word lies in one of them
  std::optional<unsigned> width_bits;  ///< of a word of every buffer; nothing: what a cycle needs
  Dram dram = Dram::hbm2;
  double dram_gib_per_s = 100;
  std::optional<DramDetails> dram_details = {};
  Buffering buffering = Buffering::single;
  MappingChoice mapping;
  std::optional<QuantizerDesign> quantizers;  ///< nothing: their cycles are not counted
  std::optional<unsigned> vector_lanes;       ///< of the fp32 vector unit; nothing: default_vector_lanes
  std::optional<unsigned> transposer_side;  ///< 0: there is none, and transposed operands are copies of their
                                            ///< own; nothing: their layout is not counted
  std::vector<std::string> technology;      ///< names of embedded tables, or files relative to the config

  /// Lanes whose cycles are not counted are placed as by default.
  QuantizerDesign quantizer_design() const { return quantizers.value_or(QuantizerDesign{}); }
  unsigned unified_kib() const { return operand_kib + accumulator_kib; }
  // What an access opens: a bank of the memory in which the words lie.
  double operand_bank_kib() const { return (unified_buffer ? unified_kib() : operand_kib / 2.0) / banks; }
  double accumulator_bank_kib() const {
    return static_cast<double>(unified_buffer ? unified_kib() : accumulator_kib) / banks;
  }
  /// Nothing where stalls are not asked for.
  const DramDetails* stalls() const {
    return dram_details && dram_details->stalls ? &*dram_details : nullptr;
  }
};

/// Throws Error that names file and JSON pointer.
AcceleratorConfig read_accelerator(const base::JsonNode& root);

nlohmann::ordered_json to_json_object(const Blocks& blocks);
/// The complete configuration, as it is read.
nlohmann::ordered_json to_json_object(const AcceleratorConfig& config);

}  // namespace quatrain::sim
