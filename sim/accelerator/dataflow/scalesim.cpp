#include "sim/accelerator/dataflow/scalesim.hpp"

#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/dataflow/stationary.hpp"

#include <variant>

namespace quatrain::sim {

std::uint64_t scalesim_cycles(const Mapping& mapping) {
  const std::uint64_t rows = mapping.array.rows, columns = mapping.array.columns;
  std::uint64_t folds = mapping.row_tiles() * mapping.column_tiles(),
                fold = checked_sum(mapping.stream_length(), rows + columns - 2);
  if (!std::holds_alternative<rtl_models::OutputStationary>(mapping.dataflow)) {
    const Folds stationary = folds_of(mapping);
    folds = stationary.count();
    fold = checked_sum(stationary.stream, 2 * rows + columns - 2);
  }
  return checked_product(mapping.groups(), folds, fold) - 1;
}

}  // namespace quatrain::sim
