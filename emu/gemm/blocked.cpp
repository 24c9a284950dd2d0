#include "emu/gemm/blocked.hpp"

namespace quatrain::emu {

void multiply_blocked(const traces::Gemm& gemm, const QuantizedTensor& left,
                      std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators,
                      SimdPath path, traces::ThreadPool& pool, GemmWorkspace& workspace) {
  multiply_by_tiles<Fault::none>(gemm, left, right, accumulators, path, pool, workspace);
}

}  // namespace quatrain::emu
