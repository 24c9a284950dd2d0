#pragma once
/// The fast integer products, equal to those of reference.hpp: lower, pack, multiply tile by tile. The left
/// operand's values are shifted to unsigned bytes, as the byte instructions want them: sum (a + shift) b =
/// sum a b + shift sum b, and every sum starts at - shift times its column's sum. All sums are modulo 2^32;
/// the true ones fit int32.

#include "emu/gemm/workspace.hpp"
#include "emu/quant/quantizer.hpp"
#include "emu/simd/dispatch.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <span>

namespace quatrain::emu {

/// As multiply_reference, on several threads.
void multiply_blocked(const traces::Gemm& gemm, const QuantizedTensor& left,
                      std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators,
                      SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace);

/// The same, but for its result: output[i] = f32(f32(accumulators[i]) * scale) (epilogue.hpp), in one pass.
void multiply_blocked_scaled(const traces::Gemm& gemm, const QuantizedTensor& left,
                             std::span<const QuantizedTensor> right, float scale, std::span<float> output,
                             SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace);

}  // namespace quatrain::emu
