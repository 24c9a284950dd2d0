#pragma once
/// What the kernels are compiled for. The same source becomes quatrain::kernels::cuda under nvcc and
/// quatrain::kernels::simt under a C++ compiler, so that both fit one program; and
/// quatrain::kernels::simt_checked where every access is checked (QUATRAIN_SIMT_CHECKED, and the options of
/// the target simt_checks).

#if defined(__CUDACC__)
#define QUATRAIN_PLATFORM cuda
#define QUATRAIN_UNROLL _Pragma("unroll")  // keeps small arrays in registers
#include "kernels/cuda/device.cuh"
#elif defined(QUATRAIN_SIMT_CHECKED)
#define QUATRAIN_PLATFORM simt_checked
#define QUATRAIN_UNROLL
#include "kernels/simt_device.hpp"
#else
#define QUATRAIN_PLATFORM simt
#define QUATRAIN_UNROLL
#include "kernels/simt_device.hpp"
#endif
