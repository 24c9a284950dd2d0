#include "rtl_models/array/tile/sums.hpp"

#include "rtl_models/array/sum_lanes.hpp"

#include <algorithm>

namespace quatrain::rtl_models {
namespace {

constexpr std::size_t row_block = 4;       // times two vectors of columns: what 32 registers hold
constexpr std::uint64_t step_block = 512;  // steps of one operand that stay in the cache meanwhile

/// Registers of a block. SumLanes from `columns` on are read as 0 and keep what they hold.
template <std::size_t rows, std::size_t vectors>
[[gnu::always_inline]] inline void load(const SumRegisters& registers, std::size_t columns,
                                        SumLanes (&sums)[rows][vectors]) {
#pragma GCC unroll 8
  for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v)
      sums[i][v] =
          *reinterpret_cast<const SumLanes*>(registers.values + i * registers.stride + v * sum_lanes);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = columns; j < vectors * sum_lanes; ++j) sums[i][j / sum_lanes][j % sum_lanes] = 0;
}
template <std::size_t rows, std::size_t vectors>
[[gnu::always_inline]] inline void store(const SumLanes (&sums)[rows][vectors], std::size_t columns,
                                         const SumRegisters& registers) {
  if (columns >= vectors * sum_lanes) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < vectors; ++v)
        *reinterpret_cast<SumLanes*>(registers.values + i * registers.stride + v * sum_lanes) = sums[i][v];
    return;
  }
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      registers.values[i * registers.stride + j] = sums[i][j / sum_lanes][j % sum_lanes];
}

/// One block of rows and of `vectors` * 16 columns, at most 2^20 steps (32 bits each and row: no overflow).
/// `restarts`: one step, whose product replaces what is there.
template <SimdPath path, bool restarts, std::size_t rows, std::size_t vectors>
[[gnu::always_inline]] inline std::uint64_t accumulate_block(SumOperand left, SumOperand right,
                                                             std::size_t columns, std::uint64_t length,
                                                             SumRegisters registers) {
  SumLanes sums[rows][vectors];
  BitLanes toggles[vectors] = {};
  load(registers, columns, sums);
  for (std::uint64_t k = 0; k < length; ++k) {
    const std::int32_t* operand = left.values + k * left.stride;
    SumLanes other[vectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v) {
      other[v] = *reinterpret_cast<const SumLanes*>(right.values + k * right.stride + v * sum_lanes);
      prepare<path>(other[v]);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < vectors; ++v) {
        const SumLanes before = sums[i][v], value = SumLanes{} + operand[i];
        if constexpr (restarts) sums[i][v] = SumLanes{};
        multiply_add<path>(sums[i][v], value, other[v]);
        count_changes<path>(before, sums[i][v], toggles[v]);
      }
  }
  store(sums, columns, registers);
  std::uint64_t all = 0;
  for (std::size_t v = 0; v < vectors; ++v) all += sum_of(toggles[v]);
  return all;
}

/// The same for operands that are held; `words` come from the rows above.
template <SimdPath path, std::size_t rows, std::size_t vectors>
[[gnu::always_inline]] inline std::uint64_t pass_block(SumOperand moving, SumOperand held,
                                                       std::size_t columns, std::uint64_t length,
                                                       SumRegisters registers, SumRegisters words) {
  SumLanes sums[rows][vectors], other[rows][vectors];
  BitLanes toggles[vectors] = {};
  load(registers, columns, sums);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v) {
      other[i][v] = *reinterpret_cast<const SumLanes*>(held.values + i * held.stride + v * sum_lanes);
      prepare<path>(other[i][v]);
    }
  for (std::uint64_t t = 0; t < length; ++t) {
    const std::int32_t* operand = moving.values + t * moving.stride;
    SumLanes above[vectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v)
      above[v] = *reinterpret_cast<const SumLanes*>(words.values + t * words.stride + v * sum_lanes);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < vectors; ++v) {
        const SumLanes value = SumLanes{} + operand[i];
        multiply_add<path>(above[v], value, other[i][v]);
        count_changes<path>(sums[i][v], above[v], toggles[v]);
        sums[i][v] = above[v];
      }
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v)
      *reinterpret_cast<SumLanes*>(words.values + t * words.stride + v * sum_lanes) = above[v];
  }
  store(sums, columns, registers);
  std::uint64_t all = 0;
  for (std::size_t v = 0; v < vectors; ++v) all += sum_of(toggles[v]);
  return all;
}

/// Calls block<rows, vectors>(first row, first column) for all of them: whole blocks first.
template <typename Block>
[[gnu::always_inline]] inline void over_blocks(std::uint32_t rows, std::size_t columns, const Block& block) {
  for (std::size_t j = 0; j < columns;) {
    const bool is_double = columns - j > sum_lanes;
    std::size_t i = 0;
    for (; i + row_block <= rows; i += row_block)
      is_double ? block.template operator()<row_block, 2>(i, j)
                : block.template operator()<row_block, 1>(i, j);
    for (; i < rows; ++i)
      is_double ? block.template operator()<1, 2>(i, j) : block.template operator()<1, 1>(i, j);
    j += is_double ? 2 * sum_lanes : sum_lanes;
  }
}

template <SimdPath path, bool restarts>
[[gnu::always_inline]] inline std::uint64_t accumulate_steps(SumOperand left, SumOperand right,
                                                             std::uint32_t rows, std::size_t columns,
                                                             std::uint64_t steps, SumRegisters registers) {
  std::uint64_t toggles = 0;
  over_blocks(
      rows, columns,
      [&]<std::size_t row_count, std::size_t vectors>(std::size_t i, std::size_t j)
          __attribute__((always_inline)) {
            toggles += accumulate_block<path, restarts, row_count, vectors>(
                {left.values + i, left.stride}, {right.values + j, right.stride}, columns - j, steps,
                {registers.values + i * registers.stride + j, registers.stride});
          });
  return toggles;
}

SumOperand from_step(SumOperand operand, std::uint64_t step) {
  return {operand.values + step * operand.stride, operand.stride};
}

}  // namespace

std::uint64_t accumulate(SimdPath path, SumOperand left, SumOperand right, std::uint32_t rows,
                         std::size_t columns, std::uint64_t length, bool restarts, SumRegisters registers) {
  std::uint64_t toggles = 0;
  on_path(
      path, [&]<SimdPath which>() __attribute__((always_inline)) {
        std::uint64_t k = 0;
        if (restarts) toggles += accumulate_steps<which, true>(left, right, rows, columns, ++k, registers);
        while (k < length) {
          const std::uint64_t steps = std::min(step_block, length - k);
          toggles += accumulate_steps<which, false>(from_step(left, k), from_step(right, k), rows, columns,
                                                    steps, registers);
          k += steps;
        }
      });
  return toggles;
}

std::uint64_t pass_down(SimdPath path, SumOperand moving, SumOperand held, std::uint32_t rows,
                        std::size_t columns, std::uint64_t length, SumRegisters registers,
                        SumRegisters words) {
  std::uint64_t toggles = 0;
  for (std::uint64_t t = 0; t < length; ++t) std::fill_n(words.values + t * words.stride, words.stride, 0);
  on_path(
      path, [&]<SimdPath which>() __attribute__((always_inline)) {
        for (std::uint64_t t = 0; t < length; t += step_block) {
          const std::uint64_t steps = std::min(step_block, length - t);
          over_blocks(
              rows, columns,
              [&]<std::size_t row_count, std::size_t vectors>(std::size_t i, std::size_t j)
                  __attribute__((always_inline)) {
                    toggles += pass_block<which, row_count, vectors>(
                        {moving.values + t * moving.stride + i, moving.stride},
                        {held.values + i * held.stride + j, held.stride}, columns - j, steps,
                        {registers.values + i * registers.stride + j, registers.stride},
                        {words.values + t * words.stride + j, words.stride});
                  });
        }
      });
  return toggles;
}

}  // namespace quatrain::rtl_models
