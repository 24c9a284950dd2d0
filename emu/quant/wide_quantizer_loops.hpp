#pragma once
/// The loops of the quantizers in AVX-512: maximum, sums, and codes straight from elements and words of
/// draws. They need SimdPath::avx512 and give what measure.cpp, sawb.cpp, luq.hpp and sawb.hpp say.

#include "emu/quant/magnitudes.hpp"
#include "emu/quant/sawb_sums.hpp"

#include <cstddef>
#include <cstdint>

namespace quatrain::emu {

/// words: the draws of x[0], x[1], ..., `bits` (4, 8 or 16) each, as DrawSource::fill makes them, to a
/// multiple of 16 draws. inverse: f32(64 / M). codes: one per byte.
void luq_codes_wide(const float* x, std::size_t count, float inverse, unsigned bits,
                    const std::uint32_t* words, std::uint8_t* codes);

/// codes = clamp(rint(x * inverse), lowest, highest), 4 bits each.
void sawb_codes_wide(const float* x, std::size_t count, float inverse, float lowest, float highest,
                     std::uint8_t* codes);

Magnitudes magnitudes_wide(const float* x, std::size_t count);

/// Sums over m = rint(|x| * to_units), at most 65536 each, of at most 2^16 elements.
SawbSums sawb_sums_wide(const float* x, std::size_t count, float to_units);

}  // namespace quatrain::emu
