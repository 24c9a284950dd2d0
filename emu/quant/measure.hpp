#pragma once
/// What every quantizer does first: refuse what it cannot take, find max |x|.

#include "emu/quant/quantizer.hpp"
#include "emu/simd/dispatch.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace quatrain::emu {

/// Tensors below this maximum have scale zero (numerics.md sections 3 and 4).
inline constexpr float smallest_maximum = 0x1p-100F;

/// Elements of a piece (base::for_pieces): a multiple of 32, so that no block of draws is shared by two
/// pieces.
inline constexpr std::size_t piece_elements = 16384;

constexpr std::size_t piece_count(std::size_t elements) {
  return (elements + piece_elements - 1) / piece_elements;
}

Magnitudes magnitudes_of(std::span<const float> x, SimdPath path, base::ThreadPool& pool);

/// max |x|, given the magnitudes of x. Throws base::Error that names layer, step and flat index of the first
/// element that `rule` cannot take: NaN, infinity, below zero for sawb_uint4.
float taken_maximum(std::span<const float> x, const Magnitudes& measured, traces::Rule rule,
                    const traces::DrawKey& draws);

/// The same, element by element.
float measured_maximum_reference(std::span<const float> x, traces::Rule rule, const traces::DrawKey& draws);

/// M of the FP4 rules and the power of two that stands for it (numerics.md section 3, steps 2 to 4).
struct Fp4Maximum {
  float used = 0;     ///< measured, or given from outside
  float rounded = 0;  ///< `used`, or the smallest power of two at or above it
};

/// Throws base::Error when a given maximum is negative or not finite, or a power of two is out of range. A
/// given maximum below 2^-100 is taken as it is (alpha 0): the caller replaces it by the measured one first
/// (section 3.1).
Fp4Maximum fp4_maximum(float measured, std::optional<float> given, traces::Alpha alpha,
                       const traces::DrawKey& draws);

/// Settles M and fills in what an FP4 record says; zero codes where alpha is 0.
Fp4Maximum start_fp4(const QuantizerConfig& config, std::span<const float> x, const Magnitudes& measured,
                     const traces::DrawKey& draws, std::optional<float> given, QuantizedTensor& out);

}  // namespace quatrain::emu
