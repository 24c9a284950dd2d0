#pragma once
/// All registers of a weight- or input-stationary array as plain arrays.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/array/moving.hpp"
#include "rtl_models/array/passed_on.hpp"

#include <cstdint>

namespace quatrain::rtl_models {

/// Operands that stay: what the PEs multiply, and the bits of the registers.
struct FixedOperands {
  Registers values, bits;  ///< [row][stride]
  Masks valid, non_zero;   ///< [word][row]
};

/// Registers of an array of which only the first rows and columns are used.
struct StationaryState {
  ArrayShape array;
  std::uint32_t rows, columns, words;
  std::size_t stride, mask_rows;
  Preload preload;
  Held which;
  MovingRight moving;
  EdgeRegister left_edge;
  PassedOn changes;  ///< as in ../array_state.hpp
  FixedOperands chain;
  FixedOperands held;  ///< with Preload::hidden, else empty: the chain holds
  Masks took;          ///< [word][row]: PEs to which a word came at the last edge and goes on
  bool any_took = false;
  Masks adds;                      ///< [word][row]: as in ../array_state.hpp
  Registers sums;                  ///< [row][stride]
  Registers returning;             ///< [stride]: what enters the top row's adders
  Registers top_values, top_bits;  ///< [stride]: what enters the chain

  StationaryState(ArrayShape whole, ArrayShape used, Preload how, Held what)
      : array(whole),
        rows(used.rows),
        columns(used.columns),
        words(words_of(columns)),
        stride(words * sum_lanes),
        mask_rows(padded_rows(rows)),
        preload(how),
        which(what),
        moving(rows, columns),
        left_edge(rows),
        changes(array.columns - 1),
        chain(fixed_operands(true)),
        held(fixed_operands(how == Preload::hidden)),
        took(mask_rows * words),
        adds(took),
        sums(rows * stride),
        returning(stride),
        top_values(stride),
        top_bits(stride) {}
  ArrayShape used() const { return {rows, columns}; }
  void reset() { *this = StationaryState(array, used(), preload, which); }
  /// What operands meet that are not the first ones.
  const FixedOperands& kept() const { return preload == Preload::hidden ? held : chain; }

 private:
  FixedOperands fixed_operands(bool exist) const {
    const std::size_t pes = exist ? rows * stride : 0, of_masks = exist ? mask_rows * words : 0;
    return {Registers(pes), Registers(pes), Masks(of_masks), Masks(of_masks)};
  }
};

}  // namespace quatrain::rtl_models
