#pragma once
/// The innermost loops: a tile of `tile_rows` rows and 8 or 16 columns gains the terms of some steps.
///     tile[r * tile_pitch + n] += sum over s of left[rows[r] + offsets[s]] * panel[s][n]

#include "emu/simd/dispatch.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace quatrain::emu {

/// 6 x 2 vectors of sums, 2 of the panel, 1 of the left and 1 of products are all registers of AVX2.
inline constexpr std::size_t tile_rows = 6;
inline constexpr std::size_t tile_pitch = 16;

/// Some steps: where their left words stand, and their part of a panel, step by step `columns` words.
template <typename Word>
struct PanelSteps {
  std::span<const std::int32_t> offsets;
  const Word* panel = nullptr;
  std::size_t columns = 0;  ///< 8 or 16
};

/// Words are 4 codes: left unsigned bytes, panel signed bytes. Sums wrap modulo 2^32; the true result fits.
/// steps_per_sum: so many steps that the 16-bit sums inside hold: 2 |left| |panel| steps_per_sum <= 32767.
void add_integer_products(const std::uint32_t* left, const std::int32_t* rows,
                          const PanelSteps<std::uint32_t>& steps, std::size_t steps_per_sum,
                          std::int32_t* tile, SimdPath path);

/// What the border of a left fp32 tensor holds.
enum class BorderTerms : unsigned char {
  add_zero,  ///< +0: its products change no sum
  skip       ///< `border_mark`: its terms are left out one by one
};
/// A NaN that no left tensor holds inside (fp32.cpp replaces it).
inline constexpr std::uint32_t border_mark = 0x7FF0A5A5;

/// sum = fma(left, panel, sum), one after the other. The portable path computes the fma from fp64 operations.
void add_fp32_products(const float* left, const std::int32_t* rows, const PanelSteps<float>& steps,
                       BorderTerms border, float* tile, SimdPath path);

}  // namespace quatrain::emu
