#pragma once
/// Exact products of 4-bit codes in int32 (numerics.md section 6), in all three phases.
/// reference.cpp reads like the specification; blocked.cpp is fast and must equal it.

#include "emu/gemm/dispatch.hpp"
#include "emu/quant/quantizer.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::emu {

/// Throws traces::Error when samples * K * max|a| * max|b| leaves int32; the message states the bound.
void require_exact_int32(const traces::Gemm& gemm, traces::Encoding left, traces::Encoding right,
                         unsigned samples);

/// scale_left * scale_right, and / samples for backward_weight, each one fp32 rounding. Throws when infinite.
float product_scale(traces::Phase phase, float scale_left, float scale_right, unsigned samples);

/// right: one tensor, or the samples of backward_weight. accumulators: result_elements(phase, geometry),
/// overwritten.
void multiply_reference(const traces::Gemm& gemm, const QuantizedTensor& left,
                        std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators);

/// Scratch memory of the blocked products, reused from call to call.
struct GemmWorkspace {
  std::vector<std::uint32_t> left, right;  ///< words of 4 codes
  std::vector<float> left_fp32, right_fp32;
};

void multiply_blocked(const traces::Gemm& gemm, const QuantizedTensor& left,
                      std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators,
                      SimdPath path, traces::ThreadPool& pool, GemmWorkspace& workspace);

/// output[i] = f32(f32(accumulators[i]) * scale).
void scale_accumulators(std::span<const std::int32_t> accumulators, float scale, std::span<float> output);

}  // namespace quatrain::emu
