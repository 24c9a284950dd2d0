#pragma once
/// The quantizers of the code that was published with LUQ, as it is (docs/training-step.md section 7). They
/// are not 4-bit: 17 levels of weights and gradients, 16 or 24 of inputs. So they make fp32 values, never
/// codes.

#include "emu/random/philox.hpp"
#include "traces/base/parallel_for.hpp"

#include <span>

namespace quatrain::emu {

/// 17 levels.
void quantize_paper_weight(std::span<const float> source, std::span<float> values, base::ThreadPool& pool);

/// Whether any element is below zero.
bool has_negative(std::span<const float> source);
/// 24 levels where `is_signed`, else 16.
void quantize_paper_input(std::span<const float> source, bool is_signed, std::span<float> values,
                          base::ThreadPool& pool);

/// 17 levels of one sample; an element has two draws of 24 bits. Throws Error where an element is not finite
/// or none is zero or more: the published code takes the largest element, not the largest magnitude.
void quantize_paper_gradient(std::span<const float> source, const DrawSource& draws, SimdPath path,
                             std::span<float> values, base::ThreadPool& pool);

}  // namespace quatrain::emu
