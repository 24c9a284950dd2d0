#pragma once
/// Tensors of codes, packed, by what they are good for.

#include "sim/conformance/case.hpp"

#include <functional>
#include <random>

namespace quatrain::sim {

using Codes = std::vector<std::uint8_t>;

/// The code of a value that the encoding has.
std::uint8_t code_of(traces::Encoding encoding, int value);
/// The code itself, 0 where it is none that a quantizer makes.
std::uint8_t legal_or_zero(traces::Encoding encoding, std::uint8_t code);

/// Legal codes, all equally likely. The same numbers everywhere: std::mt19937 is defined by the standard.
Codes random_codes(traces::Encoding encoding, std::int64_t elements, std::mt19937& random);

/// Digit `digit` of the flat index in a system of 14: codes 1 to 7 and 9 to 15, which differ in every
/// encoding.
Codes index_codes(std::int64_t elements, unsigned digit);

/// A code 1 in each of `slices` equal parts, at a place that moves from part to part; zeros elsewhere.
Codes one_hot_codes(std::int64_t elements, std::int64_t slices);

/// Operands of one product of a linear layer in a mode, line by line: the left code of row m at k, the right
/// code of column n at k.
struct LinearOperands {
  Codes left, right;
};
using CodeOf = std::function<std::uint8_t(std::int64_t line, std::int64_t k)>;
LinearOperands linear_operands(const Mode& mode, const traces::GemmSize& size, const CodeOf& left,
                               const CodeOf& right);

/// The value that every left (right) term but the last has in `row` (`column`), and the one of the last term,
/// so that all sums have more than 16 bits, of both signs and of many values. Terms that are equal:
/// wide_terms().
struct WideValues {
  int usual = 0, last = 0;
};
WideValues wide_row(const Mode& mode, std::int64_t row);
WideValues wide_column(const Mode& mode, std::int64_t column);
/// How many equal terms take every sum beyond `magnitude`, whatever the last term is.
std::int64_t wide_terms(const Mode& mode, std::int64_t magnitude);

}  // namespace quatrain::sim
