#pragma once
/// The loops of the quantizers in AVX2: maximum, sums, and codes straight from elements and words of draws.
/// They need SimdPath::avx2 and give what measure.cpp, sawb.cpp, luq.hpp, nearest.hpp and sawb.hpp say.

#include "emu/quant/magnitudes.hpp"
#include "emu/quant/sawb_sums.hpp"

#include <cstddef>
#include <cstdint>

namespace quatrain::emu {

/// words: the draws of x[0], x[1], ..., `bits` (4, 8 or 16) each, as DrawSource::fill makes them, to a
/// multiple of 32 draws. inverse: f32(64 / M). codes: one per byte.
void luq_codes_avx2(const float* x, std::size_t count, float inverse, unsigned bits,
                    const std::uint32_t* words, std::uint8_t* codes);

/// The same to the nearest level, without draws.
void nearest_codes_avx2(const float* x, std::size_t count, float inverse, std::uint8_t* codes);

/// codes = clamp(rint(x * inverse), lowest, highest), 4 bits each.
void sawb_codes_avx2(const float* x, std::size_t count, float inverse, float lowest, float highest,
                     std::uint8_t* codes);

Magnitudes magnitudes_avx2(const float* x, std::size_t count);

/// Sums over m = rint(|x| * to_units), at most 65535 each (not 65536), of at most 2^19 elements.
SawbSums sawb_sums_avx2(const float* x, std::size_t count, float to_units);

}  // namespace quatrain::emu
