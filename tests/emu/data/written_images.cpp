#include "tests/emu/data/written_images.hpp"

#include <cstdio>
#include <cstdlib>
#include <jpeglib.h>
#include <png.h>

namespace quatrain::tests {
namespace {

void append(png_structp png, png_bytep bytes, std::size_t count) {
  static_cast<std::string*>(::png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), count);
}
void flush(png_structp) {}

struct PngWriter {
  std::string bytes;
  png_structp png = ::png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = ::png_create_info_struct(png);
  PngWriter() { ::png_set_write_fn(png, &bytes, append, flush); }
  ~PngWriter() { ::png_destroy_write_struct(&png, &info); }
};

}  // namespace

std::string png_bytes(const emu::Image& image, const PngKind& kind) {
  PngWriter writer;
  const auto [channels, height, width] = image.size;
  const int colour = (channels == 3 ? PNG_COLOR_MASK_COLOR : 0) | (kind.has_alpha ? PNG_COLOR_MASK_ALPHA : 0);
  ::png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
                 kind.bits, colour, kind.is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  ::png_write_info(writer.png, writer.info);
  if (kind.bits < 8) ::png_set_packing(writer.png);
  std::vector<std::vector<std::uint8_t>> rows(static_cast<std::size_t>(height));
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      std::vector<std::uint8_t>& row = rows[static_cast<std::size_t>(y)];
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::uint8_t value = image.bytes[static_cast<std::size_t>((c * height + y) * width + x)];
        row.push_back(kind.bits < 8 ? static_cast<std::uint8_t>(value >> (8 - kind.bits)) : value);
        if (kind.bits == 16) row.push_back(0xEE);  // the lower half
      }
      if (kind.has_alpha) row.push_back(3);
    }
  std::vector<png_bytep> pointers;
  for (std::vector<std::uint8_t>& row : rows) pointers.push_back(row.data());
  ::png_write_image(writer.png, pointers.data());
  ::png_write_end(writer.png, nullptr);
  return writer.bytes;
}

std::string palette_png_bytes(std::int64_t width, const std::vector<std::array<std::uint8_t, 3>>& palette,
                              const std::vector<std::uint8_t>& numbers) {
  PngWriter writer;
  ::png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(width), 1, 8, PNG_COLOR_TYPE_PALETTE,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> colours;
  for (const auto& [red, green, blue] : palette) colours.push_back({red, green, blue});
  ::png_set_PLTE(writer.png, writer.info, colours.data(), static_cast<int>(colours.size()));
  ::png_write_info(writer.png, writer.info);
  ::png_write_row(writer.png, numbers.data());
  ::png_write_end(writer.png, nullptr);
  return writer.bytes;
}

std::string jpeg_bytes(const emu::Image& image, int quality) {
  const auto [channels, height, width] = image.size;
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = ::jpeg_std_error(&errors);
  ::jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
  ::jpeg_mem_dest(&jpeg, &bytes, &count);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.input_components = static_cast<int>(channels);
  jpeg.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  ::jpeg_set_defaults(&jpeg);
  ::jpeg_set_quality(&jpeg, quality, TRUE);
  ::jpeg_start_compress(&jpeg, TRUE);
  for (std::int64_t y = 0; y < height; ++y) {
    std::vector<std::uint8_t> row;
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < channels; ++c)
        row.push_back(image.bytes[static_cast<std::size_t>((c * height + y) * width + x)]);
    JSAMPROW pointer = row.data();
    ::jpeg_write_scanlines(&jpeg, &pointer, 1);
  }
  ::jpeg_finish_compress(&jpeg);
  ::jpeg_destroy_compress(&jpeg);
  const std::string written(reinterpret_cast<const char*>(bytes), count);
  std::free(bytes);
  return written;
}

}  // namespace quatrain::tests
