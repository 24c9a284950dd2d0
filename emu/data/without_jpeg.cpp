#include "emu/data/image.hpp"
#include "traces/base/error.hpp"

namespace quatrain::emu {

Image decode_jpeg(const std::string&, const std::filesystem::path& file) {
  throw base::Error(
      "{}: JPEG images need libjpeg (Debian package libjpeg-dev), which was not there when this program "
      "was built",
      file.string());
}

}  // namespace quatrain::emu
