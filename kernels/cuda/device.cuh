#pragma once
/// A CUDA GPU as a device: the same interface as simt_device.hpp. One stream; memory grows and is reused. Any
/// call that fails is a base::Error naming the call and CUDA's reason.

#include <cuda_runtime.h>

#include "simt/language.hpp"
#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace quatrain::kernels::cuda {

using namespace ::simt;

/// Throws base::Error "WHAT: CUDA's reason" unless `status` is cudaSuccess.
void check_cuda(cudaError_t status, const char* what);

/// Device memory for up to `size()` elements.
template <typename T>
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { cudaFree(memory_); }  // nothing to tell of a failure here
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* data() { return memory_; }
  std::size_t size() const { return size_; }

 private:
  friend class Device;
  T* memory_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

struct LaunchConfig {
  dim3 grid, block;
  std::size_t dynamic_shared = 0;  ///< bytes for each block
};

/// The current device; all work goes to a stream of its own.
class Device {
 public:
  Device() { check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate"); }
  ~Device() { cudaStreamDestroy(stream_); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  static std::string name() {
    int number = 0;
    check_cuda(cudaGetDevice(&number), "cudaGetDevice");
    cudaDeviceProp properties;
    check_cuda(cudaGetDeviceProperties(&properties, number), "cudaGetDeviceProperties");
    return properties.name;
  }

  template <typename T>
  void prepare(Buffer<T>& buffer, std::size_t count) {
    buffer.size_ = count;
    if (count <= buffer.capacity_) return;
    check_cuda(cudaFree(std::exchange(buffer.memory_, nullptr)), "cudaFree");
    buffer.capacity_ = 0;
    check_cuda(cudaMalloc(&buffer.memory_, count * sizeof(T)), "cudaMalloc");
    buffer.capacity_ = count;
  }
  template <typename T>
  void upload(Buffer<T>& buffer, std::size_t offset, std::span<const T> from) {
    check_cuda(cudaMemcpyAsync(buffer.memory_ + offset, from.data(), from.size_bytes(),
                               cudaMemcpyHostToDevice, stream_),
               "cudaMemcpy to the device");
  }
  /// Waits for all that was launched before.
  template <typename T>
  void download(std::span<T> to, const Buffer<T>& buffer) {
    check_cuda(cudaMemcpyAsync(to.data(), buffer.memory_, to.size_bytes(), cudaMemcpyDeviceToHost, stream_),
               "cudaMemcpy from the device");
    check_cuda(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
  }
  template <typename T>
  void clear(Buffer<T>& buffer) {
    check_cuda(cudaMemsetAsync(buffer.memory_, 0, buffer.size_ * sizeof(T), stream_), "cudaMemset");
  }

  template <typename... Parameters, typename... Arguments>
  void launch(const char* name, void (*kernel)(Parameters...), const LaunchConfig& config,
              Arguments... arguments) {
    if (config.dynamic_shared > 48 * 1024)  // beyond it a kernel must be told
      check_cuda(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                      static_cast<int>(config.dynamic_shared)),
                 name);
    kernel<<<config.grid, config.block, config.dynamic_shared, stream_>>>(
        static_cast<Parameters>(arguments)...);
    check_cuda(cudaGetLastError(), name);
  }
  template <typename... Parameters, typename... Arguments>
  void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
              Arguments... arguments) {
    launch(name, kernel, LaunchConfig{grid, block}, arguments...);
  }

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace quatrain::kernels::cuda
