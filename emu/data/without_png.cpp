#include "emu/data/image.hpp"
#include "traces/base/error.hpp"

namespace quatrain::emu {

Image decode_png(const std::string&, const std::filesystem::path& file) {
  throw base::Error(
      "{}: PNG images need libpng (Debian package libpng-dev), which was not there when this program "
      "was built",
      file.string());
}

}  // namespace quatrain::emu
