// A kernel for `quatrain verify --kernel`, in CUDA: a device kernel and the host function around it.
//
//   nvcc -O2 --fmad=false -Xcompiler -fPIC,-ffp-contract=off -shared -I PREFIX/include kernel.cu -o mine.so
//   quatrain verify TRACE --kernel mine.so
//
// PREFIX is where quatrain was installed.
// One thread computes one accumulator of Z. It is the place for your own kernel. The other two phases are
// refused, which is no error. --fmad=false matters: a fused multiply-add rounds once where two roundings are
// specified.
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <quatrain/kernel_abi.h>

namespace {

__device__ int value_at(const std::uint8_t* packed, std::int64_t element, bool is_signed) {
  const int code = element % 2 == 0 ? packed[element / 2] & 0xF : packed[element / 2] >> 4;
  return is_signed && code > 7 ? code - 16 : code;
}

// Z[b, o, ho, wo] = sum over c, i, j of X[b, c, ho sh + i - ph, wo sw + j - pw] W[o, c, i, j]
__global__ void forward(qt_geometry g, const std::uint8_t* x, bool x_is_signed, const std::uint8_t* w,
                        std::int32_t* z, std::int64_t count) {
  const std::int64_t element = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (element >= count) return;
  const std::int64_t wo = element % g.out_width, ho = element / g.out_width % g.out_height;
  const std::int64_t o = element / (g.out_width * g.out_height) % g.out_channels;
  const std::int64_t b = element / (g.out_width * g.out_height * g.out_channels);
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  std::int32_t sum = 0;
  for (std::int64_t c = 0; c < in; ++c)
    for (std::int64_t i = 0; i < g.kernel_height; ++i)
      for (std::int64_t j = 0; j < g.kernel_width; ++j) {
        const std::int64_t row = ho * g.stride_height + i - g.padding_height;
        const std::int64_t column = wo * g.stride_width + j - g.padding_width;
        if (row < 0 || row >= g.height || column < 0 || column >= g.width) continue;
        const std::int64_t channel = o / out * in + c;  // c counts within the group of o
        sum += value_at(x, ((b * g.in_channels + channel) * g.height + row) * g.width + column, x_is_signed) *
               value_at(w, ((o * in + c) * g.kernel_height + i) * g.kernel_width + j, true);
      }
  z[element] = sum;
}

// Device memory for one call.
template <typename Element>
class DeviceArray {
 public:
  explicit DeviceArray(std::uint64_t count) : bytes_(count * sizeof(Element)) {
    status_ = cudaMalloc(&data_, bytes_);
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  Element* data() const { return static_cast<Element*>(data_); }
  cudaError_t status() const { return status_; }
  void fill_from(const Element* host) {
    if (status_ == cudaSuccess) status_ = cudaMemcpy(data_, host, bytes_, cudaMemcpyHostToDevice);
  }
  void copy_to(Element* host) {
    if (status_ == cudaSuccess) status_ = cudaMemcpy(host, data_, bytes_, cudaMemcpyDeviceToHost);
  }

 private:
  void* data_ = nullptr;
  std::uint64_t bytes_;
  cudaError_t status_;
};

std::int32_t multiply(const qt_gemm_task* task, qt_gemm_result* result) {
  if (task->phase != QT_PHASE_FORWARD) {
    std::snprintf(result->text, result->text_bytes, "only the forward phase");
    return QT_REFUSED;
  }
  DeviceArray<std::uint8_t> left(task->left_bytes), right(task->right_bytes);
  DeviceArray<std::int32_t> accumulators(result->accumulator_count);
  left.fill_from(task->left);
  right.fill_from(task->right[0]);
  constexpr unsigned threads = 256;
  const unsigned blocks = static_cast<unsigned>((result->accumulator_count + threads - 1) / threads);
  cudaError_t status = accumulators.status();
  if (status == cudaSuccess && left.status() == cudaSuccess && right.status() == cudaSuccess) {
    forward<<<blocks, threads>>>(task->geometry, left.data(), task->left_encoding == QT_INT4, right.data(),
                                 accumulators.data(), static_cast<std::int64_t>(result->accumulator_count));
    status = cudaGetLastError();
  }
  accumulators.copy_to(result->accumulators);
  for (const cudaError_t one : {left.status(), right.status(), accumulators.status(), status})
    if (one != cudaSuccess) {
      std::snprintf(result->text, result->text_bytes, "CUDA: %s", cudaGetErrorString(one));
      return QT_FAILED;
    }
  return QT_DONE;
}

}  // namespace

// No capability: it gives accumulators alone. No quantize.
const qt_kernel* qt_kernel_entry(void) {
  static const qt_kernel kernel = {
      sizeof(qt_kernel), QT_KERNEL_ABI_VERSION, 0, "template in CUDA", multiply, nullptr};
  return &kernel;
}
