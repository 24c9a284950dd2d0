#pragma once
/// The CUDA kernels as machines: `cuda.naive`, `cuda.tiled` on a GPU; `simt.naive`, `simt.tiled` run the same
/// source on the CPU, one fiber a CUDA thread. Plain C++: no CUDA header is needed to use it.

#include "kernels/simt/options.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <memory>
#include <string>
#include <vector>

namespace quatrain::kernels {

/// simt.naive and simt.tiled. `pool` runs the blocks and must outlive the machines.
std::vector<std::unique_ptr<traces::Machine>> make_simt_machines(traces::ThreadPool& pool,
                                                                 const SimtOptions& options = {});

/// cuda.naive and cuda.tiled; empty where they cannot run, and `why_not` says why ("built without nvcc",
/// "no CUDA device: ...").
std::vector<std::unique_ptr<traces::Machine>> make_cuda_machines(std::string& why_not);

}  // namespace quatrain::kernels
