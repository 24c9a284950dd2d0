#pragma once
/// What the kernels are compiled for. The same source becomes quatrain::kernels::cuda under nvcc and
/// quatrain::kernels::simt under a C++ compiler, so that both fit one program.

#if defined(__CUDACC__)
#include "kernels/cuda/device.cuh"
#define QUATRAIN_PLATFORM cuda
#define QUATRAIN_UNROLL _Pragma("unroll")  // keeps small arrays in registers
#else
#include "kernels/simt_device.hpp"
#define QUATRAIN_PLATFORM simt
#define QUATRAIN_UNROLL
#endif
