#include "sim/external/shared_memory.hpp"

#include "traces/base/error.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace quatrain::sim::external {

SharedMemory::SharedMemory(const char* name) : fd_(memfd_create(name, MFD_CLOEXEC)) {
  if (fd_ < 0) throw base::Error("shared memory for a kernel: {}", std::strerror(errno));
}

SharedMemory::~SharedMemory() {
  if (begin_ != nullptr) munmap(begin_, size_);
  close(fd_);
}

std::span<std::uint8_t> SharedMemory::reserve(std::uint64_t bytes) {
  if (bytes <= size_) return this->bytes();
  const auto fail = [&](int code) {
    throw base::Error("{} bytes of shared memory for a kernel: {}", bytes, std::strerror(code));
  };
  // Not ftruncate: memory that is missing shall be an error here and no signal later.
  int reason = 0;
  do {
    reason = posix_fallocate(fd_, 0, static_cast<off_t>(bytes));
  } while (reason == EINTR);
  if (reason != 0) fail(reason);
  void* const begin = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (begin == MAP_FAILED) fail(errno);
  if (begin_ != nullptr) munmap(begin_, size_);
  begin_ = static_cast<std::uint8_t*>(begin);
  size_ = bytes;
  return this->bytes();
}

}  // namespace quatrain::sim::external
