#include "sim/accelerator/dataflow/movement.hpp"

#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/dataflow/stationary.hpp"

#include <variant>

namespace quatrain::sim {
namespace {

/// Hops of one word for each row, from that row to the end of a column: 1 + 2 + ... + rows.
std::uint64_t to_the_end(std::uint64_t rows) { return checked_product(rows, rows + 1) / 2; }

/// Results leave a tile downwards, each time that its stream is interrupted or ends.
Movement output_stationary(const Mapping& mapping) {
  const std::uint64_t rows = mapping.array.rows, passes = mapping.passes();
  const std::uint64_t hops_of_columns =
      checked_sum(checked_product(mapping.m() / rows, to_the_end(rows)), to_the_end(mapping.m() % rows));
  Movement movement;
  movement.operand_hops = checked_product(2, mapping.macs());
  movement.sum_hops = checked_product(mapping.groups(), mapping.n(), passes, hops_of_columns);
  // The bottom row of a tile sends its result in the cycle after its last operand; the others wait.
  const std::uint64_t last_operands =
      checked_product(mapping.groups(), mapping.m() - mapping.row_tiles(), mapping.n(), passes);
  movement.clocked_pes = checked_sum(mapping.macs(), checked_sum(movement.sum_hops, last_operands));
  return movement;
}

/// Held operands come down to their rows; with each product a moving one goes on, and a sum.
Movement stationary(const Mapping& mapping) {
  const Folds folds = folds_of(mapping);
  const bool holds_weights = std::holds_alternative<rtl_models::WeightStationary>(mapping.dataflow);
  const std::uint64_t width = holds_weights ? mapping.n() : mapping.m();
  const std::uint64_t hops_of_columns =
      checked_sum(checked_product(folds.slices - 1, to_the_end(folds.rows)), to_the_end(folds.last_rows));
  const std::uint64_t preloaded = checked_product(mapping.groups(), folds.samples, width, hops_of_columns);
  Movement movement;
  movement.operand_hops = checked_sum(mapping.macs(), preloaded);
  movement.sum_hops = mapping.macs();
  movement.clocked_pes = checked_sum(
      mapping.macs(), checked_sum(preloaded, used_pes_of(mapping.dataflow, mapping.size, mapping.samples)));
  return movement;
}

}  // namespace

Movement movement_of(const Mapping& mapping) {
  if (std::holds_alternative<rtl_models::OutputStationary>(mapping.dataflow))
    return output_stationary(mapping);
  return stationary(mapping);
}

}  // namespace quatrain::sim
