#include "sim/accelerator/events.hpp"

#include "sim/accelerator/ceil_div.hpp"
#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/circuits.hpp"
#include "sim/accelerator/dataflow/movement.hpp"
#include "sim/accelerator/dataflow/registers.hpp"
#include "sim/accelerator/dataflow/stationary.hpp"
#include "sim/accelerator/ports.hpp"
#include "sim/accelerator/transposer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <variant>

namespace quatrain::sim {
namespace {

constexpr unsigned maximum_register_bits = 31;  // of |x| in fp32

/// One side: `reads` times what its lanes take in a cycle, and the fetched bytes written once.
void add_operand_side(EventCounts& counts, const AcceleratorConfig& config, const PortWords& port,
                      std::uint64_t reads, std::uint64_t fetched_bytes) {
  const double kib = config.operand_bank_kib();
  counts.add(Component::operand_sram, SramWord{kib, port.width_bits, Access::read},
             checked_product(reads, port.words));
  counts.add(Component::operand_sram, SramWord{kib, port.width_bits, Access::write},
             ceil_div(checked_product(8, fetched_bytes), port.width_bits));
}

/// Both sides. The columns take an operand per cycle where both stream; where the PEs hold it, one per row of
/// a fold.
void add_operand_buffer(EventCounts& counts, const AcceleratorConfig& config, const Mapping& mapping,
                        const UseOfArray& use, const Traffic& traffic) {
  const PortWords rows = row_port(config), columns = column_port(config);
  const auto held_rows = [&] {
    const Folds folds = folds_of(mapping);
    return checked_product(mapping.groups(), static_cast<std::uint64_t>(mapping.size.k), folds.columns,
                           folds.samples);
  };
  std::visit(rtl_models::Overloaded{
                 [&](const rtl_models::OutputStationary&) {
                   add_operand_side(counts, config, rows, use.streamed_cycles, traffic.left_bytes);
                   add_operand_side(counts, config, columns, use.streamed_cycles, traffic.right_bytes);
                 },
                 [&](const rtl_models::WeightStationary&) {
                   add_operand_side(counts, config, rows, use.streamed_cycles, traffic.left_bytes);
                   add_operand_side(counts, config, columns, held_rows(), traffic.right_bytes);
                 },
                 [&](const rtl_models::InputStationary&) {
                   add_operand_side(counts, config, columns, held_rows(), traffic.left_bytes);
                   add_operand_side(counts, config, rows, use.streamed_cycles, traffic.right_bytes);
                 }},
             mapping.dataflow);
}

/// What switches once for each MAC, a floating-point accumulator's adder too.
std::vector<TechnologyRow> rows_of_a_mac(const AcceleratorConfig& config) {
  std::vector<TechnologyRow> rows(config.pe->per_mac.begin(), config.pe->per_mac.end());
  if (config.accumulator.is_float())
    rows.push_back(config.accumulator.is_narrow() ? TechnologyRow::fp16_add : TechnologyRow::fp32_add);
  return rows;
}

void add_array(EventCounts& counts, const AcceleratorConfig& config, const UseOfArray& use,
               const Movement& movement) {
  for (const TechnologyRow row : rows_of_a_mac(config))
    counts.add(Component::pe_combinational, row, use.macs);
  if (config.accumulator.chunk != 0)  // a chunk's sum joins the wide one once
    counts.add(Component::pe_combinational, TechnologyRow::fp32_add,
               ceil_div(use.macs, config.accumulator.chunk));
  const Registers registers = registers_of(config.dataflow, config.pe->operand_bits, config.accumulator);
  const std::uint64_t every_pe = checked_product(use.pes, use.cycles);
  const auto clocked_pes = [&] {
    switch (config.clock_gating) {
      case ClockGating::none:
        return every_pe;
      case ClockGating::idle_pes:
        return std::min(every_pe, movement.clocked_pes);
    }
    std::abort();
  };
  counts.add(Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock,
             checked_product(clocked_pes(), std::uint64_t{registers.pe}));
  counts.add(Component::skew_flip_flops, TechnologyRow::flipflop_bit_clock,
             checked_product(skew_bits(config), use.cycles));
  const std::uint64_t gates = gates_of_pe(config);
  counts.add(
      Component::wires, PePitch{PePitch::What::wire, gates},
      checked_sum(checked_product(movement.operand_hops, std::uint64_t{config.pe->operand_bits}),
                  checked_product(movement.sum_hops, std::uint64_t{config.accumulator.result_bits()})));
  counts.add(Component::clock_tree, PePitch{PePitch::What::clock_tree, gates}, every_pe);
}

/// Accesses of one kind to the accumulator buffer, in rows of sums of all columns. A row that leaves the
/// array is written once and read once: to add the next pass to it, or on its way out. Where unfinished sums
/// go through DRAM, they are read once more when they leave and written when they come back.
std::uint64_t sum_rows(const Mapping& mapping, const Traffic& traffic) {
  if (std::holds_alternative<rtl_models::OutputStationary>(mapping.dataflow)) {
    constexpr std::uint64_t sum_bytes = 4;  // unfinished ones, of every accumulator
    const std::uint64_t results = mapping.groups() * mapping.m() * mapping.n();
    std::uint64_t times = mapping.passes();
    if (traffic.accumulator_bytes > 0) times += traffic.accumulator_bytes / (2 * sum_bytes * results);
    return checked_product(mapping.groups() * mapping.column_tiles(), mapping.m(), times);
  }
  const Folds folds = folds_of(mapping);
  const std::uint64_t lines = checked_product(mapping.groups(), folds.lines), passes = mapping.passes();
  const std::uint64_t rows = checked_product(lines, folds.columns, passes);
  if (traffic.accumulator_bytes == 0) return rows;
  const std::uint64_t spilled_width = traffic.accumulator_bytes / 8 / (passes - 1) / lines;
  return checked_sum(rows,
                     checked_product(lines, ceil_div(spilled_width, mapping.array.columns), passes - 1));
}

void add_accumulator_buffer(EventCounts& counts, const AcceleratorConfig& config, const Mapping& mapping,
                            const Traffic& traffic) {
  const PortWords port = sum_port(config);
  for (const Access access : {Access::write, Access::read})
    counts.add(Component::accumulator_sram, SramWord{config.accumulator_bank_kib(), port.width_bits, access},
               checked_product(sum_rows(mapping, traffic), port.words));
}

/// Nothing for a PE without quantizer lanes.
std::optional<TechnologyRow> row_of(RandomSource source) {
  switch (source) {
    case RandomSource::philox:
      return TechnologyRow::rng_philox_16b;
    case RandomSource::lfsr:
      return TechnologyRow::rng_lfsr_16b;
    case RandomSource::none:
      return std::nullopt;
  }
  std::abort();
}

void add_maximum(EventCounts& counts, std::uint64_t elements) {
  counts.add(Component::quantizer, TechnologyRow::absmax_fp32, elements);
  counts.add(Component::quantizer, TechnologyRow::flipflop_bit_clock, elements * maximum_register_bits);
}

/// Statistics pass: maximum, sum and sum of squares; quantizing pass: one fp32 product per element.
void add_sawb(EventCounts& counts, const QuantizerWork& work) {
  add_maximum(counts, work.elements);
  counts.add(Component::quantizer, TechnologyRow::int32_mul, work.elements);
  counts.add(Component::quantizer, TechnologyRow::int32_add, 2 * work.elements);
  counts.add(Component::quantizer, TechnologyRow::fp32_mul, work.elements);
}

/// A lane with 4 random bits, or with none (nearest), is priced as one with 8. The multiplier of a group of
/// lanes makes one product of an element, which all samples of the group use.
void add_gradient(EventCounts& counts, const QuantizerWork& work, RandomSource source, unsigned groups) {
  if (work.measures_maximum) add_maximum(counts, work.elements);
  counts.add(Component::quantizer,
             work.random_bits > 8 ? TechnologyRow::luq_lane_r16 : TechnologyRow::luq_lane_r8,
             checked_product(work.elements, std::uint64_t{work.samples}));
  switch (work.alpha) {
    case traces::Alpha::exact:
      counts.add(Component::quantizer, TechnologyRow::fp32_mul,
                 checked_product(work.elements, std::uint64_t{std::min(work.samples, groups)}));
      break;
    case traces::Alpha::pow2:  // a shift of the exponent
      break;
  }
  const auto row = row_of(source);
  if (work.random_bits > 0 && row)
    counts.add(Component::random_source, *row,
               work.samples * ceil_div(checked_product(work.elements, std::uint64_t{work.random_bits}), 16));
}

void add_quantizer(EventCounts& counts, const QuantizerWork& work, const AcceleratorConfig& config) {
  switch (work.rule) {
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      return add_sawb(counts, work);
    case traces::Rule::luq_fp4:
    case traces::Rule::nearest_fp4:
      return add_gradient(counts, work, config.random_source, config.quantizer_design().groups());
  }
  std::abort();
}

}  // namespace

std::string_view name_of(Component component) { return component_words[static_cast<std::size_t>(component)]; }

void EventCounts::add(Component component, Price price, std::uint64_t events) {
  const auto same = [&](const EventCount& entry) {
    return entry.component == component && entry.price == price;
  };
  const auto found = std::ranges::find_if(entries_, same);
  if (found != entries_.end()) {
    found->events = checked_sum(found->events, events);
    return;
  }
  const auto place = std::ranges::upper_bound(entries_, component, {}, &EventCount::component);
  entries_.insert(place, {component, price, events});
}

EventCounts& EventCounts::operator+=(const EventCounts& other) {
  for (const EventCount& entry : other.entries_) add(entry.component, entry.price, entry.events);
  return *this;
}

EventCounts& EventCounts::operator*=(std::uint64_t count) {
  for (EventCount& entry : entries_) entry.events = checked_product(entry.events, count);
  return *this;
}

void EventCounts::switch_as(const AcceleratorConfig& config, std::uint64_t macs, std::uint64_t switching) {
  for (const TechnologyRow row : rows_of_a_mac(config))
    for (EventCount& entry : entries_)
      if (entry.component == Component::pe_combinational && entry.price == Price(row))
        entry.events = checked_sum(entry.events - macs, switching);
}

TechnologyRow dram_row(Dram dram) {
  switch (dram) {
    case Dram::hbm2:
      return TechnologyRow::dram_hbm2;
    case Dram::gddr6:
      return TechnologyRow::dram_gddr6;
    case Dram::lpddr4:
      return TechnologyRow::dram_lpddr4;
    case Dram::ddr3:
      return TechnologyRow::dram_ddr3;
  }
  std::abort();
}

EventCounts leakage_of(const AcceleratorConfig& config, std::uint64_t cycles) {
  const auto ns =
      static_cast<std::uint64_t>(std::llround(static_cast<double>(cycles) * 1000 / config.clock_mhz));
  EventCounts counts;
  std::uint64_t gates = 0, kib = 0;
  for (const Logic& logic : logic_of(config)) gates = checked_sum(gates, logic.gates);
  for (const Memory& memory : memories_of(config)) kib += memory.kib;
  counts.add(Component::leakage, TechnologyRow::gate_leakage, checked_product(gates, ns));
  counts.add(Component::sram_leakage, TechnologyRow::sram_leakage, checked_product(kib, ns));
  return counts;
}

EventCounts events_of(const AcceleratorConfig& config, const Mapping& mapping, const UseOfArray& use,
                      const Traffic& traffic, const std::vector<QuantizerWork>& quantizers,
                      std::uint64_t transposer_cycles) {
  EventCounts counts;
  add_array(counts, config, use, movement_of(mapping));
  add_operand_buffer(counts, config, mapping, use, traffic);
  add_accumulator_buffer(counts, config, mapping, traffic);
  counts.add(Component::dram, dram_row(config.dram), checked_product(8, traffic.gemm_bytes()));
  if (config.pe->tensors == TensorForm::operands) return counts;  // nothing is quantized or scaled
  counts.add(Component::quantizer_dram, dram_row(config.dram), checked_product(8, traffic.quantizer_bytes));
  for (const QuantizerWork& work : quantizers) add_quantizer(counts, work, config);
  if (transposer_cycles > 0)
    counts.add(Component::transposer, TechnologyRow::flipflop_bit_clock,
               checked_product(transposer_cycles, transposer_bits(config)));
  counts.add(Component::epilogue, TechnologyRow::fp32_mul, use.outputs);
  return counts;
}

}  // namespace quatrain::sim
