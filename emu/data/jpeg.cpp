#include "emu/data/image.hpp"
#include "traces/base/error.hpp"

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it
#include <cstring>
#include <jpeglib.h>

namespace quatrain::emu {
namespace {

/// libjpeg reports by longjmp: all that lives through its calls stands here.
struct Decoding {
  Image image;
  std::vector<std::uint8_t> interleaved;  ///< [height, width, channels]
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf back{};
  char message[JMSG_LENGTH_MAX] = {};
  ~Decoding() { ::jpeg_destroy_decompress(&jpeg); }
};

void note_error(j_common_ptr common) {
  auto& decoding = *static_cast<Decoding*>(common->client_data);
  common->err->format_message(common, decoding.message);
  std::longjmp(decoding.back, 1);
}

/// A warning says that the data are damaged, and that the library guesses: no image for us.
void note_warning(j_common_ptr common, int level) {
  if (level < 0) note_error(common);
}

void ignore_message(j_common_ptr) {}

/// False: the image is too large.
bool make_memory(Decoding& decoding) {
  const jpeg_decompress_struct& jpeg = decoding.jpeg;
  decoding.image.size = {jpeg.output_components, jpeg.output_height, jpeg.output_width};
  if (decoding.image.size.elements() > most_image_bytes) return false;
  decoding.interleaved.resize(static_cast<std::size_t>(decoding.image.size.elements()));
  return true;
}

/// False: the message says why.
bool decode(Decoding& decoding, const std::string& bytes) {
  jpeg_decompress_struct& jpeg = decoding.jpeg;
  if (setjmp(decoding.back) != 0) return false;
  ::jpeg_create_decompress(&jpeg);
  jpeg.client_data = &decoding;
  ::jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  ::jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg.do_block_smoothing = FALSE;
  ::jpeg_start_decompress(&jpeg);
  if (!make_memory(decoding)) {
    std::strcpy(decoding.message, "it has more than 2^28 values");
    return false;
  }
  const std::size_t row_size = static_cast<std::size_t>(jpeg.output_width) * jpeg.output_components;
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = decoding.interleaved.data() + jpeg.output_scanline * row_size;
    ::jpeg_read_scanlines(&jpeg, &row, 1);
  }
  ::jpeg_finish_decompress(&jpeg);
  return true;
}

}  // namespace

Image decode_jpeg(const std::string& bytes, const std::filesystem::path& file) {
  Decoding decoding;
  decoding.jpeg.err = ::jpeg_std_error(&decoding.errors);
  decoding.jpeg.client_data = &decoding;
  decoding.errors.error_exit = note_error;
  decoding.errors.emit_message = note_warning;
  decoding.errors.output_message = ignore_message;
  if (!decode(decoding, bytes))
    throw base::Error("{}: is no whole JPEG image: {}", file.string(), base::printable(decoding.message));
  Image& image = decoding.image;
  image.bytes.resize(decoding.interleaved.size());
  const auto channels = static_cast<std::size_t>(image.size.channels);
  const auto plane = static_cast<std::size_t>(image.size.plane());
  for (std::size_t i = 0; i < image.bytes.size(); ++i)
    image.bytes[i % channels * plane + i / channels] = decoding.interleaved[i];
  return std::move(image);
}

}  // namespace quatrain::emu
