#pragma once
/// What the kernels are compiled for. The same source becomes quatrain::kernels::cuda under nvcc and
/// quatrain::kernels::simt under a C++ compiler, so that both fit one program.

#if defined(__CUDACC__)
#include "kernels/cuda/device.cuh"
#include "kernels/cuda/tile_products.cuh"
#define QUATRAIN_PLATFORM cuda
#else
#include "kernels/simt/device.hpp"
#include "kernels/simt/tile_products.hpp"
#define QUATRAIN_PLATFORM simt
#endif
