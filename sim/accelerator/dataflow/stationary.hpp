#pragma once
/// Folds, cycles and traffic of weight- and input-stationary arrays in closed form (docs/hardware-model.md,
/// "Cycles"). One formula for both: what weight stationary does with the right operand, input stationary does
/// with the left one.

#include "sim/accelerator/mapping.hpp"
#include "sim/accelerator/traffic.hpp"

#include <cstdint>

namespace quatrain::sim {

/// How a GEMM of one group is folded.
struct Folds {
  std::uint64_t slices = 1;      ///< of k; each fold holds one
  std::uint64_t samples = 1;     ///< folds per slice and column of folds: weights of each sample
  std::uint64_t columns = 1;     ///< columns of folds: n or m over the array's columns
  std::uint64_t rows = 1;        ///< of a whole slice
  std::uint64_t last_rows = 1;   ///< of the last slice
  std::uint64_t last_width = 1;  ///< columns that the last column of folds uses
  std::uint64_t stream = 1;      ///< operands that pass through each PE of a fold
  std::uint64_t lines = 1;  ///< results that each array column gives: m, or n where the left operand is held

  std::uint64_t count() const { return checked_product(slices, samples, columns); }
};

/// `mapping.dataflow` is weight or input stationary.
Folds folds_of(const Mapping& mapping);

/// From the first preloaded word to the last sum: 2 k + columns + stream - 2 for a fold of k rows.
std::uint64_t fold_cycles(std::uint64_t rows, std::uint64_t width, std::uint64_t stream);
/// With a hidden preload, from the begin of a fold's stream to that of the next.
std::uint64_t fold_interval(std::uint64_t rows, std::uint64_t next_rows, std::uint64_t stream);

std::uint64_t stationary_cycles(const Mapping& mapping, rtl_models::Preload preload);

/// As traffic_of() (traffic.hpp): everything but quantizer_bytes.
Traffic stationary_traffic(const traces::Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers);

}  // namespace quatrain::sim
