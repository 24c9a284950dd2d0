#pragma once
/// What a kernel may use, on either platform: CUDA's language, and under names of our own what CUDA has as
/// PTX only (ldmatrix, mma.sync, cp.async) or spells differently (shared memory). nvcc compiles it to the
/// instructions; a C++ compiler to calls of the runtime.
///
///   T& shared_memory<T>()        the block's shared memory as one struct, its content undefined
///   T* dynamic_shared<T>()       what the launch asked for beyond that, aligned to 16 bytes
///   ldmatrix_x4(r, row)          four 8 x 8 matrices of 16-bit elements, also _x1, _x2 and _trans
///   mma_m16n8k32(c, a, b)        c += a b for int8 operands and int32 sums
///   cp_async<16>(to, from)       a copy to shared memory that is done only after ...
///   cp_async_commit(), cp_async_wait<n>()   ... a wait that leaves at most n committed groups open

#if defined(__CUDACC__)
#include "simt/on_gpu.cuh"
#else
#include "simt/on_cpu.hpp"
#endif
