#pragma once
/// Where and how the elements of one record differ, as figures: counts, bounding box, periods, signs,
/// magnitudes, and a map. It says what is seen and guesses no cause.

#include "sim/records/result_place.hpp"
#include "traces/machine.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim::diagnosis {

/// One axis of a result: rows (m), columns (n) or groups of a GEMM, or the flat index of codes.
struct AxisPattern {
  std::int64_t size = 0;             ///< of the axis
  std::int64_t first = 0, last = 0;  ///< the bounding box
  std::int64_t different = 0;        ///< indices with a different element
  /// A power of two from 2 to 256, at most half of the axis, that shows the differences in the smallest share
  /// of its residues, at most half, and these; 0 where there is none.
  std::int64_t period = 0;
  std::vector<std::int64_t> residues;
  friend bool operator==(const AxisPattern&, const AxisPattern&) = default;
};

/// Different elements counted over a grid of at most 32 x 32 cells. Groups lie one under another.
struct DifferenceMap {
  std::int64_t rows = 0, columns = 0;                ///< cells
  std::int64_t rows_a_cell = 1, columns_a_cell = 1;  ///< elements; the last cells may hold fewer
  std::vector<std::uint64_t> counts;                 ///< row-major
  friend bool operator==(const DifferenceMap&, const DifferenceMap&) = default;
};

struct Pattern {
  std::string record;
  std::string of;  ///< "accumulators", "outputs" or "codes"
  std::uint64_t elements = 0, different = 0;
  AxisPattern groups, rows, columns;           ///< of codes: columns alone, the flat index
  std::uint64_t too_large = 0, too_small = 0;  ///< got above or below expected; NaN counts nowhere
  /// |got - expected| as text: exact for integers. Of codes: steps between code values in the order of value.
  std::string smallest, largest;
  /// 2^b divides every difference of an accumulator; 0 for the rest.
  unsigned multiple_of_two_to = 0;
  /// "2", "1/2", "-1", "0": got = factor x expected in every different element; "" where none is.
  std::string factor;
  /// Over all records of the trace: a tile that divides the k of every equal GEMM and of no different one; 0
  /// for none.
  std::int64_t k_tile = 0;
  DifferenceMap map;
  friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// Both as long as the result. Nothing where all bits are equal.
std::optional<Pattern> pattern_of(const traces::Gemm& gemm, std::span<const std::int32_t> expected,
                                  std::span<const std::int32_t> got);
std::optional<Pattern> pattern_of(const traces::Gemm& gemm, std::span<const float> expected,
                                  std::span<const float> got);
/// Codes one per byte.
std::optional<Pattern> pattern_of_codes(traces::Encoding encoding, std::span<const std::uint8_t> expected,
                                        std::span<const std::uint8_t> got);

/// A sentence each: how many and where, periods, sign and size.
std::vector<std::string> describe(const Pattern& pattern);

}  // namespace quatrain::sim::diagnosis
