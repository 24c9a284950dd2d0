#pragma once
/// PNG and JPEG files that a test writes.

#include "emu/data/image.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace quatrain::tests {

struct PngKind {
  int bits = 8;  ///< below 8 for grey images whose values are spread over 8 bits
  bool has_alpha = false, is_interlaced = false;
};
std::string png_bytes(const emu::Image& image, const PngKind& kind);
/// One row of `width` pixels, each the number of a colour.
std::string palette_png_bytes(std::int64_t width, const std::vector<std::array<std::uint8_t, 3>>& palette,
                              const std::vector<std::uint8_t>& numbers);
std::string jpeg_bytes(const emu::Image& image, int quality);

}  // namespace quatrain::tests
