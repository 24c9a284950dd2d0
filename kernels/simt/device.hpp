#pragma once
/// The CPU as a device: memory that kernels work on, and launches through the runtime. Memory is poisoned
/// when it is prepared, so that a kernel that reads what nobody wrote shows.

#include "simt/checker.hpp"
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

/// Device memory for up to `size()` elements, aligned as on a GPU; grows and never shrinks. On both sides of
/// it stands a stretch that no kernel may touch.
template <typename T>
class Buffer {
 public:
  T* data() { return reinterpret_cast<T*>(bytes()); }
  std::size_t size() const { return size_; }

 private:
  friend class Device;
  static constexpr std::size_t alignment = 256;
  const std::byte* bytes() const { return memory_.data() + first_; }
  std::byte* bytes() { return memory_.data() + first_; }
  void reserve(std::size_t size) {
    const std::size_t room = size + 2 * Checker::guard + alignment;
    if (memory_.size() >= room) return;
    memory_.resize(room);
    const auto begin = reinterpret_cast<std::uintptr_t>(memory_.data()) + Checker::guard;
    first_ = Checker::guard + (alignment - begin % alignment) % alignment;
  }

  std::vector<std::byte> memory_;
  std::size_t first_ = 0, size_ = 0;
};

/// Its buffers live as long as it launches.
class Device {
 public:
  explicit Device(Workers& workers, const Options& options = {}) : runtime_(workers, options) {}

  /// Room for `count` elements of undefined content.
  template <typename T>
  void prepare(Buffer<T>& buffer, std::size_t count) {
    Checker* const checker = runtime_.checker();
    if (checker != nullptr && buffer.size_ != 0) checker->forget_buffer(buffer.bytes());
    const std::size_t size = count * sizeof(T);
    buffer.reserve(size);
    buffer.size_ = count;
    const std::span with_guards(buffer.bytes() - Checker::guard, size + 2 * Checker::guard);
    std::memset(with_guards.data(), poison, with_guards.size());
    prepared_[&buffer] = {with_guards, std::min<std::size_t>(alignof(T), 4)};
    if (checker != nullptr) checker->watch_buffer(buffer.bytes(), size);
  }
  /// `offset` in elements; the buffer has been prepared.
  template <typename T>
  void upload(Buffer<T>& buffer, std::size_t offset, std::span<const T> from) {
    std::memcpy(buffer.data() + offset, from.data(), from.size_bytes());
    note_written(buffer.data() + offset, from.size_bytes());
  }
  template <typename T>
  void download(std::span<T> to, const Buffer<T>& buffer) {
    std::memcpy(to.data(), buffer.bytes(), to.size_bytes());
  }
  template <typename T>
  void clear(Buffer<T>& buffer) {
    std::memset(buffer.bytes(), 0, buffer.size_ * sizeof(T));
    note_written(buffer.bytes(), buffer.size_ * sizeof(T));
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
    std::span<std::byte> bytes;  ///< with both guards
    std::size_t word = 0;

    std::size_t size() const { return bytes.size() - 2 * Checker::guard; }
  };

  void note_written(const void* begin, std::size_t size) {
    if (Checker* const checker = runtime_.checker()) checker->set_written(begin, size);
  }

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
        if (static_cast<const void*>(prepared.bytes.data() + Checker::guard) == argument)
          written.push_back(&prepared);
  }

  static void require_guard(const Prepared& memory, const char* kernel) {
    for (std::size_t i = 0; i < memory.bytes.size(); ++i) {
      if (i == Checker::guard) i += memory.size();
      if (memory.bytes[i] != std::byte{poison})
        throw Error("kernel " + std::string(kernel) + ": wrote byte " +
                    std::to_string(static_cast<std::ptrdiff_t>(i - Checker::guard)) + " of a buffer of " +
                    std::to_string(memory.size()) + " bytes");
    }
  }

 private:
 private:
  Runtime runtime_;
  std::map<const void*, Prepared> prepared_;  ///< by buffer
};

}  // namespace simt
