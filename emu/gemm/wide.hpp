#pragma once
/// The integer products of the 512-bit paths (blocked.hpp says what they compute): words of 4 codes,
/// multiplied by VNNI or in AMX tiles.

#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/packing.hpp"
#include "emu/gemm/workspace.hpp"
#include "emu/quant/quantizer.hpp"

namespace quatrain::emu {

/// left: the packed left tensor, whose values are shifted by `shift`; right: codes of each sample.
/// path: avx512 or amx.
void multiply_wide(const traces::Gemm& gemm, const Lowering& lowering, const ByteTable& right_table,
                   std::int32_t shift, std::span<const QuantizedTensor> right, const IntegerResult& result,
                   SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace);

}  // namespace quatrain::emu
