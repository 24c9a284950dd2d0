#pragma once
/// Deterministic fp32 products (numerics.md section 8): acc = +0, then acc = fma(a_k, b_k, acc) for k
/// ascending in the order of section 6, out-of-range terms skipped. Vectorised across outputs, never along k.

#include "emu/gemm/workspace.hpp"
#include "emu/simd/dispatch.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <span>

namespace quatrain::emu {

/// Natural shapes as in Gemm; result: overwritten.
void multiply_fp32(const traces::Gemm& gemm, std::span<const float> left, std::span<const float> right,
                   std::span<float> result, SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace);

}  // namespace quatrain::emu
