#pragma once
/// The CUDA kernels as machines: `cuda.naive`, `cuda.tiled` on a GPU; `simt.naive`, `simt.tiled` run the same
/// source on the CPU, one fiber a CUDA thread. Plain C++: no CUDA header is needed to use it.

#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace quatrain::kernels {

/// Order in which the SIMT runtime resumes the threads of a block between two barriers.
enum class ThreadOrder : std::uint8_t { first_to_last, last_to_first, shuffled, warps_interleaved };

struct SimtOptions {
  ThreadOrder order = ThreadOrder::shuffled;
  std::uint64_t seed = 1;  ///< of `shuffled`
};

/// simt.naive and simt.tiled. `pool` runs the blocks and must outlive the machines.
std::vector<std::unique_ptr<traces::Machine>> make_simt_machines(traces::ThreadPool& pool,
                                                                 const SimtOptions& options = {});

/// cuda.naive and cuda.tiled; empty where they cannot run, and `why_not` says why ("built without nvcc",
/// "no CUDA device: ...").
std::vector<std::unique_ptr<traces::Machine>> make_cuda_machines(std::string& why_not);

}  // namespace quatrain::kernels
