#include "sim/accelerator/dataflow/stationary.hpp"

#include "sim/accelerator/ceil_div.hpp"
#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/mapping/left_elements.hpp"

#include <algorithm>
#include <cstdlib>
#include <variant>

namespace quatrain::sim {
namespace {

using rtl_models::Preload;

constexpr std::uint64_t sum_word_bits = 32;  ///< of a sum

/// What runs over the array's columns: n, or m where the left operand is held.
std::uint64_t across(const Mapping& mapping) {
  return std::holds_alternative<rtl_models::InputStationary>(mapping.dataflow) ? mapping.m() : mapping.n();
}

/// One fold after the other. Over the folds of a group the rows sum to k for each column of folds, and the
/// widths to what runs over the columns.
std::uint64_t exposed_cycles(const Mapping& mapping, const Folds& folds) {
  const std::uint64_t rows = checked_product(2, static_cast<std::uint64_t>(mapping.size.k), folds.columns);
  const std::uint64_t widths = checked_product(folds.slices, across(mapping));
  const std::uint64_t streams = checked_product(folds.slices, folds.columns, folds.stream);
  return checked_product(mapping.groups(), folds.samples,
                         checked_sum(checked_sum(rows, widths), streams) - 2 * folds.slices * folds.columns);
}

/// In each column of folds all whole slices come first, so that few different intervals occur. A column of
/// folds ends with its last fold; of all columns one of the last two ends last, because the last may be
/// narrower.
std::uint64_t hidden_cycles(const Mapping& mapping, const Folds& folds) {
  const std::uint64_t first = folds.rows, last = folds.last_rows, stream = folds.stream;
  const std::uint64_t columns = mapping.groups() * folds.columns;
  const std::uint64_t whole_folds = (folds.slices - 1) * folds.samples;
  std::uint64_t within = checked_product(folds.samples - 1, fold_interval(last, last, stream));
  if (whole_folds > 0)
    within = checked_sum(checked_sum(within, fold_interval(first, last, stream)),
                         checked_product(whole_folds - 1, fold_interval(first, first, stream)));
  const std::uint64_t between = fold_interval(last, first, stream);
  const std::uint64_t last_begins = checked_sum(
      first, checked_sum(checked_product(columns, within), checked_product(columns - 1, between)));
  const auto end = [&](std::uint64_t begins, std::uint64_t width) {
    return checked_sum(begins, fold_cycles(last, width, stream) - last);
  };
  const std::uint64_t wide = folds.columns > 1 ? mapping.array.columns : folds.last_width;
  std::uint64_t cycles = end(last_begins, folds.last_width);
  if (columns > 1) cycles = std::max(cycles, end(last_begins - within - between, wide));
  return cycles;
}

/// Sums of the columns of folds that do not fit the accumulator buffer: how many words of a group.
std::uint64_t spilled_sums(const Mapping& mapping, const Folds& folds, const OperandBuffers& buffers) {
  const auto spills = [&](std::uint64_t width) {
    return checked_product(folds.lines, width, sum_word_bits) > buffers.accumulator_bits;
  };
  std::uint64_t widths = spills(folds.last_width) ? folds.last_width : 0;
  if (folds.columns > 1 && spills(mapping.array.columns))
    widths += (folds.columns - 1) * mapping.array.columns;
  return checked_product(folds.lines, widths);
}

/// Left and right bits of one group.
struct Fetched {
  std::uint64_t left, right;
};

/// The moving left operand comes once if it fits, else a slice at a time for every column of folds, and for
/// every sample where the slice does not fit. Each weight comes once.
Fetched weight_stationary_bits(LeftElements& left, const Mapping& mapping, const Folds& folds,
                               const OperandBuffers& buffers) {
  const std::uint64_t bits = buffers.element_bits;
  std::uint64_t fetched = checked_product(left.whole(), bits);
  if (fetched > buffers.half_bits) {
    const LeftElements::Sum slices = left.blocks(mapping.m(), mapping.array.rows);
    const std::uint64_t times = slices.largest * bits > buffers.half_bits ? folds.samples : 1;
    fetched = checked_product(slices.all, bits, checked_product(folds.columns, times));
  }
  return {fetched, checked_product(mapping.n(), mapping.stream_length(), bits)};
}

/// The held left operand comes once if it fits, else fold by fold. The moving right one comes once if it
/// fits, else for every column of folds.
Fetched input_stationary_bits(LeftElements& left, const Mapping& mapping, const Folds& folds,
                              const OperandBuffers& buffers) {
  const std::uint64_t bits = buffers.element_bits;
  std::uint64_t fetched = checked_product(left.whole(), bits);
  if (fetched > buffers.half_bits)
    fetched = checked_product(left.blocks(mapping.array.columns, mapping.array.rows).all, bits);
  const std::uint64_t right = checked_product(mapping.n(), mapping.stream_length(), bits);
  return {fetched, right > buffers.half_bits ? checked_product(right, folds.columns) : right};
}

}  // namespace

Folds folds_of(const Mapping& mapping) {
  const std::uint64_t k = static_cast<std::uint64_t>(mapping.size.k), width = across(mapping);
  const bool holds_left = std::holds_alternative<rtl_models::InputStationary>(mapping.dataflow);
  Folds folds;
  folds.slices = ceil_div(k, mapping.array.rows);
  folds.samples = holds_left ? 1 : mapping.samples;
  folds.columns = ceil_div(width, mapping.array.columns);
  folds.last_rows = k - (folds.slices - 1) * mapping.array.rows;
  folds.rows = folds.slices > 1 ? mapping.array.rows : folds.last_rows;
  folds.last_width = width - (folds.columns - 1) * mapping.array.columns;
  folds.stream = holds_left ? checked_product(std::uint64_t{mapping.samples}, mapping.n()) : mapping.m();
  folds.lines = holds_left ? mapping.n() : mapping.m();
  return folds;
}

std::uint64_t fold_cycles(std::uint64_t rows, std::uint64_t width, std::uint64_t stream) {
  return checked_sum(2 * rows + width - 2, stream);
}

std::uint64_t fold_interval(std::uint64_t rows, std::uint64_t next_rows, std::uint64_t stream) {
  // The next operands are there; a column's exit sends the sums of one fold after those of the other.
  const std::uint64_t exit = rows > next_rows ? rows - next_rows : 0;
  return std::max(next_rows, checked_sum(stream, exit));
}

std::uint64_t stationary_cycles(const Mapping& mapping, Preload preload) {
  const Folds folds = folds_of(mapping);
  switch (preload) {
    case Preload::hidden:
      return hidden_cycles(mapping, folds);
    case Preload::exposed:
      return exposed_cycles(mapping, folds);
  }
  std::abort();
}

Traffic stationary_traffic(const traces::Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers) {
  const Folds folds = folds_of(mapping);
  LeftElements left(gemm);
  const Fetched bits = std::holds_alternative<rtl_models::InputStationary>(mapping.dataflow)
                           ? input_stationary_bits(left, mapping, folds, buffers)
                           : weight_stationary_bits(left, mapping, folds, buffers);
  const std::uint64_t groups = mapping.groups(), passes = folds.slices * mapping.samples;
  return {bytes_for(checked_product(groups, bits.left)), bytes_for(checked_product(groups, bits.right)),
          checked_product(groups, mapping.m(), mapping.n(), std::uint64_t{buffers.result_bytes}), 0,
          checked_product(groups, checked_product(2, 4, spilled_sums(mapping, folds, buffers)), passes - 1)};
}

}  // namespace quatrain::sim
