#include "sim/accelerator/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace quatrain::sim {
namespace {

using Activity = rtl_models::Activity;
using Config = AcceleratorConfig;

template <std::uint64_t Activity::*member>
const std::uint64_t* counted(const Tally& tally) {
  return tally.activity ? &((*tally.activity).*member) : nullptr;
}

template <std::uint64_t Stalls::*member>
const std::uint64_t* waited(const Tally& tally) {
  return tally.stalls ? &((*tally.stalls).*member) : nullptr;
}

double in_range_utilization(const Config&, const Tally& tally) {
  return tally.use.overall_of(tally.in_range_macs);
}

constexpr std::array<Figure, 32> list = {{
    {"", "tiles", "tiles", Quantity::count, "tiles of at most rows x columns results",
     [](const Tally& t) { return &t.use.tiles; }},
    {"", "cycles", "cycles", Quantity::count, "clock cycles of the array, without stalls",
     [](const Tally& t) { return &t.use.cycles; }},
    {"", "macs", "MACs", Quantity::count, "multiply-accumulates; k counts terms outside a tensor too",
     [](const Tally& t) { return &t.use.macs; }},
    {"", "in_range_macs", "MACs in range", Quantity::count,
     "MACs whose operands both lie inside their tensors", [](const Tally& t) { return &t.in_range_macs; }},
    {"", "outputs", "outputs", Quantity::count, "results; each is one PE in use during one tile",
     [](const Tally& t) { return &t.use.outputs; }},
    {"", "streamed_cycles", "streamed cycles", Quantity::count, "cycles in which operands enter the array",
     [](const Tally& t) { return &t.use.streamed_cycles; }},
    {"", "milliseconds", "time", Quantity::milliseconds,
     "cycles at clock_mhz, with the stalls where dram.stalls is true",
     [](const Config& c, const Tally& t) { return milliseconds(c, t); }},
    {"", "dram_milliseconds", "DRAM time", Quantity::milliseconds, "what the bytes alone take at gib_per_s",
     [](const Config& c, const Tally& t) { return dram_milliseconds(c, t); }},
    {"", "longer_milliseconds", "longer time", Quantity::milliseconds,
     "the larger of the times of cycles and bytes of each record, summed",
     [](const Tally& t) { return &t.longer_milliseconds; }},
    {"", "memory_bound", "memory-bound records", Quantity::count,
     "records whose bytes, or with stalls waits, take longer than their cycles",
     [](const Tally& t) { return &t.memory_bound; }},
    {"", "quantizer_cycles", "lane cycles", Quantity::count,
     "clock cycles of the quantizer lanes, beside those of the array",
     [](const Tally& t) { return t.quantizer_cycles ? &*t.quantizer_cycles : nullptr; }},
    {"", "transposer_cycles", "transposer cycles", Quantity::count,
     "clock cycles of the transposer, beside those of the array",
     [](const Tally& t) { return t.transposer_cycles ? &*t.transposer_cycles : nullptr; }},
    {"utilization", "spatial", "spatial utilization", Quantity::share,
     "share of the PEs that a tile uses, mean",
     [](const Config&, const Tally& t) { return t.use.spatial(); }},
    {"utilization", "temporal", "temporal utilization", Quantity::share, "streamed cycles / cycles",
     [](const Config&, const Tally& t) { return t.use.temporal(); }},
    {"utilization", "overall", "overall utilization", Quantity::share, "MACs / (PEs x cycles)",
     [](const Config&, const Tally& t) { return t.use.overall(); }},
    {"utilization", "in_range", "in-range utilization", Quantity::share, "MACs in range / (PEs x cycles)",
     in_range_utilization},
    {"bytes", "left", "left bytes", Quantity::bytes, "left operands read from DRAM",
     [](const Tally& t) { return &t.traffic.left_bytes; }},
    {"bytes", "right", "right bytes", Quantity::bytes, "right operands read from DRAM",
     [](const Tally& t) { return &t.traffic.right_bytes; }},
    {"bytes", "result", "result bytes", Quantity::bytes,
     "results written to DRAM: fp32, bf16 in the bf16 design",
     [](const Tally& t) { return &t.traffic.result_bytes; }},
    {"bytes", "quantizer", "quantizer bytes", Quantity::bytes, "fp32 tensors read, operands written",
     [](const Tally& t) { return &t.traffic.quantizer_bytes; }},
    {"bytes", "accumulator", "accumulator bytes", Quantity::bytes,
     "unfinished sums written to DRAM and read again",
     [](const Tally& t) { return &t.traffic.accumulator_bytes; }},
    {"compulsory_bytes", "left", "compulsory left", Quantity::bytes, "left operands, each element once",
     [](const Tally& t) { return &t.compulsory.left_bytes; }},
    {"compulsory_bytes", "right", "compulsory right", Quantity::bytes, "right operands, each element once",
     [](const Tally& t) { return &t.compulsory.right_bytes; }},
    {"compulsory_bytes", "result", "compulsory result", Quantity::bytes, "results, each once",
     [](const Tally& t) { return &t.compulsory.result_bytes; }},
    {"stalls", "load_bound", "load-bound cycles", Quantity::count,
     "cycles in which the array waits while the memory loads", waited<&Stalls::load_bound>},
    {"stalls", "store_bound", "store-bound cycles", Quantity::count,
     "cycles in which the array waits while the memory stores", waited<&Stalls::store_bound>},
    {"stalls", "quantizers", "quantizer waits", Quantity::count,
     "cycles in which tensors pass the quantizers, before their GEMM", waited<&Stalls::quantizers>},
    {"activity", "macs", "simulated MACs", Quantity::count, "products that a PE added",
     counted<&Activity::macs>},
    {"activity", "zero_operand_macs", "zero-operand MACs", Quantity::count,
     "of them, those with an operand of value zero", counted<&Activity::zero_operand_macs>},
    {"activity", "left_toggles", "left toggles", Quantity::count,
     "bits that changed in the left operand registers", counted<&Activity::left_toggles>},
    {"activity", "right_toggles", "right toggles", Quantity::count,
     "bits that changed in the right operand registers", counted<&Activity::right_toggles>},
    {"activity", "accumulator_toggles", "accumulator toggles", Quantity::count,
     "bits that changed in the registers of sums", counted<&Activity::accumulator_toggles>},
}};

}  // namespace

std::string Figure::column() const {
  return group.empty() ? std::string(name) : fmt::format("{}_{}", group, name);
}

std::optional<Figure::Value> Figure::value(const AcceleratorConfig& config, const Tally& tally) const {
  if (const Derived* derived = std::get_if<Derived>(&in_tally)) return (*derived)(config, tally);
  if (const Time* time = std::get_if<Time>(&in_tally)) return *(*time)(tally);
  const std::uint64_t* count = std::get<Count>(in_tally)(tally);
  if (count == nullptr) return std::nullopt;
  return *count;
}

std::span<const Figure> figures() { return list; }

const Figure& figure(std::string_view column) {
  const auto found = std::ranges::find_if(list, [&](const Figure& f) { return f.column() == column; });
  assert(found != list.end() && "the name of a figure is a word of the program");
  return *found;
}

std::string text_of(Quantity quantity, const std::optional<Figure::Value>& value) {
  if (!value) return "-";
  switch (quantity) {
    case Quantity::count:
    case Quantity::bytes:
      return fmt::format("{}", std::get<std::uint64_t>(*value));
    case Quantity::share:
      return fmt::format("{:.1f}", 100 * std::get<double>(*value));
    case Quantity::milliseconds:
      return fmt::format("{:.6f}", std::get<double>(*value));
  }
  std::abort();
}

std::string_view unit_of(Quantity quantity) {
  switch (quantity) {
    case Quantity::count:
      return "";
    case Quantity::bytes:
      return "bytes";
    case Quantity::share:
      return "%";
    case Quantity::milliseconds:
      return "ms";
  }
  std::abort();
}

}  // namespace quatrain::sim
