#include "sim/accelerator/dataflow/registers.hpp"

#include "rtl_models/pe/link.hpp"

#include <bit>
#include <cstdlib>
#include <variant>

namespace quatrain::sim {
namespace {

using namespace rtl_models;

constexpr unsigned took = 1;  ///< whether a word came from above at the last edge

constexpr unsigned bits_in(unsigned control) { return static_cast<unsigned>(std::popcount(control)); }

Registers output_stationary(Drain drain, unsigned operand_bits, unsigned sum_bits) {
  // `last` in the tile's bottom row alone is one bit; a shadow register takes its sum in every row.
  unsigned left = operand_bits + bits_in(valid_bit | first_bit | last_bit), more = 0;
  switch (drain) {
    case Drain::serial:  // a column shifts as a whole
      break;
    case Drain::skewed:
      more = took;
      break;
    case Drain::shadow:
      left += bits_in(bottom_bit);
      more = took + sum_bits;
      break;
  }
  const unsigned right = operand_bits + bits_in(valid_bit);
  return {left + right + sum_bits + more, left, right};
}

Registers stationary(Preload preload, unsigned operand_bits, unsigned sum_bits) {
  const unsigned fixed = operand_bits + bits_in(valid_bit), chain = fixed + took;
  const unsigned moving = operand_bits + bits_in(valid_bit | bottom_bit),
                 top = operand_bits + bits_in(valid_bit | load_bit | last_bit);
  switch (preload) {
    case Preload::hidden: {
      const unsigned with_first = moving + bits_in(first_bit);
      return {with_first + chain + fixed + sum_bits, with_first, top};
    }
    case Preload::exposed:
      return {moving + chain + sum_bits, moving, top};
  }
  std::abort();
}

}  // namespace

Registers registers_of(const Dataflow& dataflow, unsigned operand_bits,
                       const traces::Accumulator& accumulator) {
  const unsigned sum_bits = accumulator.result_bits();
  Registers registers = std::visit(
      Overloaded{
          [&](const OutputStationary& kind) { return output_stationary(kind.drain, operand_bits, sum_bits); },
          [&](const auto& kind) { return stationary(kind.preload, operand_bits, sum_bits); }},
      dataflow);
  if (accumulator.chunk != 0) {  // the sum of a chunk, and the bit that closes it
    constexpr unsigned closes = 1;
    registers.pe += accumulator.bits + closes;
    registers.top_link += closes;
  }
  return registers;
}

}  // namespace quatrain::sim
