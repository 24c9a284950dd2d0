#pragma once
/// IDX files of unsigned bytes (the format of MNIST and its kin), plain or gzip: magic 0x000008dd with dd
/// dimensions, dd big-endian 32-bit sizes, then the bytes. Errors name file and byte of the uncompressed
/// data.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quatrain::emu {

struct IdxFile {
  std::vector<std::uint32_t> sizes;
  std::vector<std::uint8_t> bytes;  ///< product of the sizes
  std::string sha256;               ///< of the file, uncompressed
};

/// Throws Error unless the file has `dimensions` dimensions, all sizes at least 1, and exactly the bytes that
/// its sizes ask for (at most 2^31).
IdxFile read_idx(const std::filesystem::path& file, unsigned dimensions);

}  // namespace quatrain::emu
