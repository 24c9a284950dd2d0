#include "sim/accelerator/transposer.hpp"

#include "sim/accelerator/checked.hpp"

#include <cstdlib>
#include <variant>

namespace quatrain::sim {

/// A word of the operand buffer has what enters the array in one cycle: of output stationary several m or
/// several n of one k. In the two other dataflows the moving operand has several k of one m or n.
Transposed transposed_operands(traces::Phase phase, const rtl_models::Dataflow& dataflow) {
  switch (phase) {
    case traces::Phase::forward:
      return {};
    case traces::Phase::backward_data:
      return {.right = true};
    case traces::Phase::backward_weight:
      // Where one of its two products holds the gradient and the other moves it, both take it in one layout.
      return {.left = true, .right = std::holds_alternative<rtl_models::OutputStationary>(dataflow)};
  }
  std::abort();
}

std::uint64_t transposer_cycles(const AcceleratorConfig& config, traces::Phase phase,
                                const Traffic& traffic) {
  const std::uint64_t side = config.transposer_side.value_or(0);
  if (side == 0) return 0;
  const Transposed which = transposed_operands(phase, config.dataflow);
  const auto cycles_of = [&](std::uint64_t bytes) {
    const std::uint64_t codes = checked_product(bytes, std::uint64_t{8}) / config.pe->operand_bits;
    const std::uint64_t tiles = (codes + side * side - 1) / (side * side);
    return tiles == 0 ? 0 : checked_product(tiles + 1, side);
  };
  return checked_sum(which.left ? cycles_of(traffic.left_bytes) : 0,
                     which.right ? cycles_of(traffic.right_bytes) : 0);
}

std::uint64_t transposer_bits(const AcceleratorConfig& config) {
  const std::uint64_t side = config.transposer_side.value_or(0);
  return side * side * config.pe->operand_bits;
}

}  // namespace quatrain::sim
