#pragma once
/// All registers of an output-stationary array as plain arrays.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/array/moving.hpp"
#include "rtl_models/array/passed_on.hpp"

#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

/// Registers of an array of which only the first rows and columns are used.
struct ArrayState {
  ArrayShape array;
  std::uint32_t rows, columns, words;
  std::size_t stride, mask_rows;
  MovingRight left;
  MovingDown right;
  EdgeRegister left_edge, right_edge;
  /// A register changes as the one before it did at the edge before: behind the first ones, bits that change
  /// are counted as they pass.
  PassedOn left_changes, right_changes;
  Registers accumulators;           ///< [row][stride]
  Registers parts;                  ///< [row][stride]: of chunks; written only where sums have them
  Registers returning;              ///< [stride]: sums that come back, which stand on the columns' buses
  Registers shadows;                ///< [row][stride] with Drain::shadow, else empty
  Masks adds;                       ///< [word][row]: PEs that have added at the last edge
  Masks takes;                      ///< [word][row]: PEs that take the word above them at the next edge
  Masks tapped;                     ///< [word][row]: PEs from the column's tap upwards
  std::vector<std::int16_t> drain;  ///< [column]: words that the column has still to send
  std::vector<std::int16_t> tap;    ///< [column]: the row whose word leaves, while the column drains
  bool any_drain = false;           ///< some column drains

  ArrayState(ArrayShape whole, ArrayShape used, Drain kind)
      : array(whole),
        rows(used.rows),
        columns(used.columns),
        words(words_of(columns)),
        stride(words * sum_lanes),
        mask_rows(padded_rows(rows)),
        left(rows, columns),
        right(rows, columns),
        left_edge(rows),
        right_edge(columns),
        left_changes(array.columns - 1),
        right_changes(array.rows - 1),
        accumulators(rows * stride),
        parts(accumulators.size()),
        returning(stride),
        shadows(kind == Drain::shadow ? accumulators.size() : 0),
        adds(mask_rows * words),
        takes(adds),
        tapped(adds),
        drain(stride),
        tap(stride) {}
  bool has_shadows() const { return !shadows.empty(); }
  ArrayShape used() const { return {rows, columns}; }
  void reset() { *this = ArrayState(array, used(), has_shadows() ? Drain::shadow : Drain::serial); }
  /// Words leave through these.
  const Registers& chain() const { return has_shadows() ? shadows : accumulators; }
};

}  // namespace quatrain::rtl_models
