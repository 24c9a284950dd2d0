#include "emu/data/image.hpp"
#include "traces/base/error.hpp"

#include <csetjmp>
#include <cstring>
#include <png.h>

namespace quatrain::emu {
namespace {

/// libpng reports by longjmp: nothing with a destructor may be made between setjmp and the calls, so all that
/// lives through them stands here.
struct Decoding {
  explicit Decoding(const std::string& whole) : bytes(whole) {}
  const std::string& bytes;
  std::size_t place = 0;
  std::string error;
  Image image;
  std::vector<std::uint8_t> interleaved;  ///< [height, width, channels]
  std::vector<png_bytep> rows;
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~Decoding() { ::png_destroy_read_struct(&png, &info, nullptr); }
};

void note_error(png_structp png, png_const_charp text) {
  static_cast<Decoding*>(::png_get_error_ptr(png))->error = text;
  ::png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep to, std::size_t count) {
  auto& decoding = *static_cast<Decoding*>(::png_get_io_ptr(png));
  if (count > decoding.bytes.size() - decoding.place) ::png_error(png, "the file ends too early");
  std::memcpy(to, decoding.bytes.data() + decoding.place, count);
  decoding.place += count;
}

/// False: the image is too large.
bool make_rows(Decoding& decoding) {
  const auto channels = static_cast<std::int64_t>(::png_get_channels(decoding.png, decoding.info));
  decoding.image.size = {channels, ::png_get_image_height(decoding.png, decoding.info),
                         ::png_get_image_width(decoding.png, decoding.info)};
  const ImageSize& size = decoding.image.size;
  if (size.elements() > most_image_bytes) return false;
  decoding.interleaved.resize(static_cast<std::size_t>(size.elements()));
  for (std::int64_t y = 0; y < size.height; ++y)
    decoding.rows.push_back(decoding.interleaved.data() + y * size.width * channels);
  return true;
}

/// False: the error says why.
bool decode(Decoding& decoding) {
  if (setjmp(png_jmpbuf(decoding.png)) != 0) return false;
  ::png_set_read_fn(decoding.png, &decoding, read_bytes);
  ::png_read_info(decoding.png, decoding.info);
  if (::png_get_color_type(decoding.png, decoding.info) == PNG_COLOR_TYPE_PALETTE)
    ::png_set_palette_to_rgb(decoding.png);
  ::png_set_expand_gray_1_2_4_to_8(decoding.png);
  ::png_set_strip_16(decoding.png);
  ::png_set_strip_alpha(decoding.png);
  ::png_set_interlace_handling(decoding.png);
  ::png_read_update_info(decoding.png, decoding.info);
  if (!make_rows(decoding)) {
    decoding.error = "it has more than 2^28 values";
    return false;
  }
  ::png_read_image(decoding.png, decoding.rows.data());
  ::png_read_end(decoding.png, nullptr);
  return true;
}

}  // namespace

Image decode_png(const std::string& bytes, const std::filesystem::path& file) {
  Decoding decoding(bytes);
  decoding.png = ::png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoding, note_error, ignore_warning);
  if (decoding.png != nullptr) decoding.info = ::png_create_info_struct(decoding.png);
  if (decoding.info == nullptr) throw base::Error("{}: libpng does not start", file.string());
  ::png_set_user_limits(decoding.png, 65'500, 65'500);
  if (!decode(decoding))
    throw base::Error("{}: is no whole PNG image: {}", file.string(), base::printable(decoding.error));
  Image& image = decoding.image;
  image.bytes.resize(decoding.interleaved.size());
  const auto channels = static_cast<std::size_t>(image.size.channels);
  const auto plane = static_cast<std::size_t>(image.size.plane());
  for (std::size_t i = 0; i < image.bytes.size(); ++i)
    image.bytes[i % channels * plane + i / channels] = decoding.interleaved[i];
  return std::move(image);
}

}  // namespace quatrain::emu
