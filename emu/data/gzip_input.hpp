#pragma once
/// Bytes of a file, plain or gzip, in order; with the SHA-256 of all that was read, uncompressed. Errors name
/// file and byte of the uncompressed data.

#include "traces/format/checksum.hpp"

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quatrain::emu {

class GzipInput {
 public:
  explicit GzipInput(std::filesystem::path file);
  ~GzipInput();
  GzipInput(const GzipInput&) = delete;
  GzipInput& operator=(const GzipInput&) = delete;

  /// As many bytes as there are, up to the whole of `bytes`.
  std::size_t read(std::span<std::uint8_t> bytes);
  /// Reads all of `bytes`; `needed` is the length that the file should have.
  void read_all(std::span<std::uint8_t> bytes, std::uint64_t needed);
  /// Appends what is left, at most 2^31 bytes in all.
  void read_rest(std::vector<std::uint8_t>& bytes);
  /// gzip: its own checksum and length were wrong, or it ends early.
  void refuse_damage();

  std::uint64_t place() const { return place_; }
  /// Of all that was read; nothing is read after it.
  std::string sha256() { return sha_.hex(); }

 private:
  std::filesystem::path file_;
  gzFile handle_ = nullptr;
  std::uint64_t place_ = 0;
  traces::Sha256 sha_;
};

/// NAME or NAME.gz in the folder; "" where neither is there.
std::filesystem::path plain_or_gzip(const std::filesystem::path& directory, const std::string& name);

}  // namespace quatrain::emu
