#pragma once
/// Memory that a child process sees too, without a name and without a file.

#include <cstdint>
#include <span>

namespace quatrain::sim::external {

/// All members throw Error with the system's reason.
class SharedMemory {
 public:
  explicit SharedMemory(const char* name);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  int fd() const { return fd_; }
  /// At least so many bytes, the earlier ones kept; addresses of before are no longer valid.
  std::span<std::uint8_t> reserve(std::uint64_t bytes);
  std::span<std::uint8_t> bytes() { return {begin_, static_cast<std::size_t>(size_)}; }

 private:
  int fd_;
  std::uint8_t* begin_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace quatrain::sim::external
