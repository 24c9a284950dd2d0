#pragma once
/// The CPU as a device: the same interface as cuda/device.cuh, memory in host memory, launches through the
/// SIMT runtime. Memory is poisoned when it is prepared, so that a kernel that reads what nobody wrote shows.

#include "kernels/simt/cuda_language.hpp"

#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace quatrain::kernels::simt {

/// Device memory for up to `size()` elements; grows and never shrinks.
template <typename T>
class Buffer {
 public:
  T* data() { return memory_.data(); }
  std::size_t size() const { return memory_.size(); }

 private:
  friend class Device;
  std::vector<T> memory_;
};

class Device {
 public:
  Device(traces::ThreadPool& pool, const SimtOptions& options) : runtime_(pool, options) {}

  static std::string name() { return "CPU fibers"; }

  /// Room for `count` elements of undefined content.
  template <typename T>
  void prepare(Buffer<T>& buffer, std::size_t count) {
    buffer.memory_.resize(count);
    std::memset(buffer.memory_.data(), poison, count * sizeof(T));
  }
  /// `offset` in elements; the buffer has been prepared.
  template <typename T>
  void upload(Buffer<T>& buffer, std::size_t offset, std::span<const T> from) {
    std::memcpy(buffer.memory_.data() + offset, from.data(), from.size_bytes());
  }
  template <typename T>
  void download(std::span<T> to, const Buffer<T>& buffer) {
    std::memcpy(to.data(), buffer.memory_.data(), to.size_bytes());
  }
  template <typename T>
  void clear(Buffer<T>& buffer) {
    std::memset(buffer.memory_.data(), 0, buffer.memory_.size() * sizeof(T));
  }

  template <typename... Parameters, typename... Arguments>
  void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
              Arguments... arguments) {
    runtime_.run(name, grid, block, [=] { kernel(arguments...); });
  }

 private:
  Runtime runtime_;
};

}  // namespace quatrain::kernels::simt
