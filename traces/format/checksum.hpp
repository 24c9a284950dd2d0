#pragma once
/// CRC32C (Castagnoli) and SHA-256 of bytes.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace quatrain::traces {

/// CRC32C of "123456789" is 0xe3069283. Continue a longer text by passing the value so far.
std::uint32_t crc32c(std::span<const std::uint8_t> bytes, std::uint32_t so_far = 0);

/// The same without the processor's instruction for it.
std::uint32_t crc32c_by_table(std::span<const std::uint8_t> bytes, std::uint32_t so_far = 0);

/// Bytes of a tensor's elements as a little-endian file holds them (this project runs on little-endian
/// machines).
template <typename Element>
std::span<const std::uint8_t> bytes_of(std::span<const Element> elements) {
  return {reinterpret_cast<const std::uint8_t*>(elements.data()), elements.size_bytes()};
}

/// Streaming SHA-256; 64 lower-case hexadecimal digits.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::span<const std::uint8_t> bytes);
  std::string hex();  ///< ends the stream

 private:
  void* context_;
};

std::string sha256_hex(std::string_view bytes);
/// Throws Error when the file cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace quatrain::traces
