#include "sim/accelerator/cycles.hpp"

#include "sim/accelerator/dataflow/output_stationary.hpp"
#include "sim/accelerator/dataflow/scalesim.hpp"
#include "sim/accelerator/dataflow/stationary.hpp"

#include <cstdlib>
#include <variant>

namespace quatrain::sim {
namespace {

std::uint64_t own_cycles(const Mapping& mapping) {
  return std::visit(
      rtl_models::Overloaded{[&](const rtl_models::OutputStationary& kind) {
                               return output_stationary_cycles(mapping, kind.drain);
                             },
                             [&](const auto& kind) { return stationary_cycles(mapping, kind.preload); }},
      mapping.dataflow);
}

std::uint64_t streamed_per_tile(const Mapping& mapping) {
  return std::holds_alternative<rtl_models::OutputStationary>(mapping.dataflow) ? mapping.stream_length()
                                                                                : folds_of(mapping).stream;
}

double ratio(std::uint64_t part, double whole) { return whole == 0 ? 0 : static_cast<double>(part) / whole; }

}  // namespace

std::uint64_t cycles_of(const Mapping& mapping) {
  switch (mapping.convention) {
    case Convention::quatrain:
      return own_cycles(mapping);
    case Convention::scalesim:
      return scalesim_cycles(mapping);
  }
  std::abort();
}

std::uint64_t used_pes_of(const rtl_models::Dataflow& dataflow, const traces::GemmSize& size,
                          unsigned samples) {
  const auto groups = static_cast<std::uint64_t>(size.groups), m = static_cast<std::uint64_t>(size.m),
             n = static_cast<std::uint64_t>(size.n), k = static_cast<std::uint64_t>(size.k);
  return std::visit(rtl_models::Overloaded{
                        [&](const rtl_models::OutputStationary&) { return checked_product(groups, m, n); },
                        [&](const rtl_models::WeightStationary&) {
                          return checked_product(groups, k, n, std::uint64_t{samples});
                        },
                        [&](const rtl_models::InputStationary&) { return checked_product(groups, k, m); }},
                    dataflow);
}

UseOfArray& UseOfArray::operator+=(const UseOfArray& other) {
  pes = other.pes;
  tiles = checked_sum(tiles, other.tiles);
  outputs = checked_sum(outputs, other.outputs);
  used_pes = checked_sum(used_pes, other.used_pes);
  streamed_cycles = checked_sum(streamed_cycles, other.streamed_cycles);
  cycles = checked_sum(cycles, other.cycles);
  macs = checked_sum(macs, other.macs);
  return *this;
}

double UseOfArray::spatial() const {
  return ratio(used_pes, static_cast<double>(tiles) * static_cast<double>(pes));
}
double UseOfArray::temporal() const { return ratio(streamed_cycles, static_cast<double>(cycles)); }
double UseOfArray::overall_of(std::uint64_t some_macs) const {
  return ratio(some_macs, static_cast<double>(pes) * static_cast<double>(cycles));
}

UseOfArray use_of_array(const Mapping& mapping) {
  return {std::uint64_t{mapping.array.rows} * mapping.array.columns,
          mapping.tiles(),
          checked_product(mapping.groups(), mapping.m(), mapping.n()),
          checked_product(mapping.tiles(), streamed_per_tile(mapping)),
          cycles_of(mapping),
          mapping.macs(),
          used_pes_of(mapping.dataflow, mapping.size, mapping.samples)};
}

}  // namespace quatrain::sim
