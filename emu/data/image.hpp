#pragma once
/// One picture of 8-bit values: read from a PNG or JPEG file, brought to another size.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quatrain::emu {

struct ImageSize {
  std::int64_t channels = 1, height = 1, width = 1;
  std::int64_t plane() const { return height * width; }
  std::int64_t elements() const { return channels * plane(); }
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// Of a file: what is larger is taken for damage, before memory is asked for.
inline constexpr std::int64_t most_image_bytes = std::int64_t{1} << 28;

struct Image {
  ImageSize size;
  std::vector<std::uint8_t> bytes;  ///< [channels, height, width]
};

/// `bytes`: the whole file; `file` stands in messages. One channel (grey) or three (red, green, blue), as the
/// file has them. A transparency is left out, 16-bit values lose their lower half, a palette becomes its
/// colours. Throws Error for what is damaged, cut short, or of another kind (docs/training-step.md section
/// 4).
Image decode_png(const std::string& bytes, const std::filesystem::path& file);
Image decode_jpeg(const std::string& bytes, const std::filesystem::path& file);

/// Each pixel's channels become one grey value, or the grey value all of them. channels: 1 or 3.
Image with_channels(Image image, std::int64_t channels);

/// Triangle filter in integers, first along the rows, then along the columns (section 4).
Image resized(const Image& image, std::int64_t height, std::int64_t width);

/// The size whose shorter side is `shorter`; the longer one is rounded down.
ImageSize size_with_shorter_side(ImageSize size, std::int64_t shorter);

}  // namespace quatrain::emu
