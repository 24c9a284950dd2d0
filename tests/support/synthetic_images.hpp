#pragma once
/// A small data set in the files of Fashion-MNIST: class c is a bright bar whose place tells c, in noise.
/// Equal arguments give equal bytes.

#include "traces/base/files.hpp"

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>

namespace quatrain::tests {

inline std::string big_endian(std::uint32_t word) {
  return {static_cast<char>(word >> 24), static_cast<char>(word >> 16), static_cast<char>(word >> 8),
          static_cast<char>(word)};
}

/// An IDX file of unsigned bytes: magic, sizes, bytes.
inline std::string idx_bytes(const std::vector<std::uint32_t>& sizes, const std::string& bytes) {
  std::string file = big_endian(0x0800U + static_cast<std::uint32_t>(sizes.size()));
  for (const std::uint32_t size : sizes) file += big_endian(size);
  return file + bytes;
}

/// Pixels are below `noise`, those of the bar `contrast` above it; together at most 256.
struct SyntheticPixels {
  unsigned noise = 64,
           contrast = 160;  ///< learned in a few steps; a loss of 0 may make a longer run unstable
};

inline void write_synthetic_half(const std::filesystem::path& directory, const std::string& prefix,
                                 std::uint32_t count, std::uint32_t seed, SyntheticPixels pixels) {
  std::mt19937 random(seed);
  std::string images, labels;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto label = static_cast<unsigned>(random() % 10);
    labels += static_cast<char>(label);
    for (unsigned y = 0; y < 28; ++y)
      for (unsigned x = 0; x < 28; ++x) {
        const bool is_bright = label < 5 ? y / 5 == label : x / 5 == label - 5;
        images += static_cast<char>(random() % pixels.noise + (is_bright ? pixels.contrast : 0));
      }
  }
  base::write_whole_file(directory / (prefix + "-images-idx3-ubyte"), idx_bytes({count, 28, 28}, images));
  base::write_whole_file(directory / (prefix + "-labels-idx1-ubyte"), idx_bytes({count}, labels));
}

/// `directory` is made.
inline void write_synthetic_images(const std::filesystem::path& directory, std::uint32_t train,
                                   std::uint32_t test, SyntheticPixels pixels = {}) {
  std::filesystem::create_directories(directory);
  write_synthetic_half(directory, "train", train, 1, pixels);
  write_synthetic_half(directory, "t10k", test, 2, pixels);
}

}  // namespace quatrain::tests
