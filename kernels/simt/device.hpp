#pragma once
/// The CPU as a device: memory that kernels work on, and launches through the runtime. Memory is poisoned
/// when it is prepared, so that a kernel that reads what nobody wrote shows.


#include "simt/error.hpp"
#include "simt/language.hpp"
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace simt {

/// Device memory for up to `size()` elements; grows and never shrinks. Behind it stands a stretch that no
/// kernel may touch.
template <typename T>
class Buffer {
 public:
  T* data() { return memory_.data(); }
  std::size_t size() const { return size_; }

 private:
  friend class Device;
  static constexpr std::size_t guard = (256 + sizeof(T) - 1) / sizeof(T);  ///< elements
  std::vector<T> memory_;
  std::size_t size_ = 0;
};

/// Its buffers live as long as it launches.
class Device {
 public:
  explicit Device(Workers& workers, const Options& options = {}) : runtime_(workers, options) {}

  /// Room for `count` elements of undefined content.
  template <typename T>
  void prepare(Buffer<T>& buffer, std::size_t count) {
    buffer.memory_.resize(count + Buffer<T>::guard);
    buffer.size_ = count;
    const auto bytes = std::as_writable_bytes(std::span(buffer.memory_));
    std::memset(bytes.data(), poison, bytes.size());
    prepared_[&buffer] = {bytes, count * sizeof(T), std::min<std::size_t>(alignof(T), 4)};
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
    std::memset(buffer.memory_.data(), 0, buffer.size_ * sizeof(T));
  }

  /// A kernel may write the buffers that it is given pointers to non-constant elements of. Throws Error too
  /// when it wrote behind one.
  template <typename... Parameters, typename... Arguments>
  void launch(const char* name, void (*kernel)(Parameters...), const LaunchConfig& config,
              Arguments... arguments) {
    std::vector<const Prepared*> written;
    (add_written(arguments, written), ...);
    std::vector<WrittenMemory> memory;
    for (const Prepared* one : written) memory.push_back({one->bytes, one->word});
    runtime_.run(
        name, config, [=] { kernel(viewed(arguments)...); }, memory);
    for (const Prepared* one : written) require_guard(*one, name);
  }
  template <typename... Parameters, typename... Arguments>
  void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
              Arguments... arguments) {
    launch(name, kernel, LaunchConfig{grid, block}, arguments...);
  }

 private:
  struct Prepared {
    std::span<std::byte> bytes;  ///< guard included
    std::size_t size = 0;        ///< of the buffer itself, in bytes
    std::size_t word = 0;
  };

  template <typename T>
  static constexpr bool is_writable = std::is_pointer_v<T> && !std::is_const_v<std::remove_pointer_t<T>>;

  template <typename T>
  static T viewed(T argument) {
    if constexpr (is_writable<T>) return static_cast<T>(viewed_address(argument));
    return argument;
  }

  template <typename T>
  void add_written(T argument, std::vector<const Prepared*>& written) const {
    if constexpr (is_writable<T>)
      for (const auto& [buffer, prepared] : prepared_)
        if (static_cast<const void*>(prepared.bytes.data()) == argument) written.push_back(&prepared);
  }

  static void require_guard(const Prepared& memory, const char* kernel) {
    for (std::size_t at = memory.size; at < memory.bytes.size(); ++at)
      if (memory.bytes[at] != std::byte{poison})
        throw Error("kernel " + std::string(kernel) + ": wrote byte " + std::to_string(at) +
                    " of a buffer of " + std::to_string(memory.size) + " bytes");
  }

 private:
  Runtime runtime_;
  std::map<const void*, Prepared> prepared_;  ///< by buffer
};

}  // namespace simt
