/// The kernels and one that a compiler which contracts turns into a fused multiply-add.
#include "kernels/cuda/machines.cu"

__global__ void contracting(float* x) { x[0] = x[0] * x[1] + x[2]; }
