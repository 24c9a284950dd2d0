#include "emu/data/image.hpp"

#include <algorithm>
#include <cstdlib>

namespace quatrain::emu {
namespace {

/// The samples that make one sample of the other size, and how much each counts.
struct Taps {
  std::int64_t first = 0, sum = 0;
  std::vector<std::int64_t> weights;
};

/// In units of 1 / (2 to): sample i stands at 2 to i + to, result j at (2 j + 1) from; the triangle reaches
/// 2 max(from, to) to both sides.
std::vector<Taps> taps_of(std::int64_t from, std::int64_t to) {
  std::vector<Taps> all(static_cast<std::size_t>(to));
  const std::int64_t reach = 2 * std::max(from, to);
  for (std::int64_t j = 0; j < to; ++j) {
    Taps& taps = all[static_cast<std::size_t>(j)];
    const std::int64_t centre = (2 * j + 1) * from;
    const std::int64_t first = std::max<std::int64_t>(0, (centre - reach) / (2 * to) - 1);
    for (std::int64_t i = first; i < from && 2 * to * i + to < centre + reach; ++i) {
      const std::int64_t weight = reach - std::abs(2 * to * i + to - centre);
      if (weight <= 0) continue;
      if (taps.weights.empty()) taps.first = i;
      taps.weights.push_back(weight);
      taps.sum += weight;
    }
  }
  return all;
}

/// Result j of a row or column whose samples stand `step` apart.
std::uint8_t filtered(const std::uint8_t* samples, std::int64_t step, const Taps& taps) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < taps.weights.size(); ++i)
    sum += taps.weights[i] * samples[(taps.first + static_cast<std::int64_t>(i)) * step];
  return static_cast<std::uint8_t>((2 * sum + taps.sum) / (2 * taps.sum));
}

Image with_width(const Image& image, std::int64_t width) {
  const ImageSize size = {image.size.channels, image.size.height, width};
  Image result{size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.elements()))};
  const std::vector<Taps> taps = taps_of(image.size.width, width);
  std::uint8_t* to = result.bytes.data();
  for (std::int64_t row = 0; row < size.channels * size.height; ++row)
    for (const Taps& some : taps) *to++ = filtered(image.bytes.data() + row * image.size.width, 1, some);
  return result;
}

Image with_height(const Image& image, std::int64_t height) {
  const ImageSize size = {image.size.channels, height, image.size.width};
  Image result{size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.elements()))};
  const std::vector<Taps> taps = taps_of(image.size.height, height);
  std::uint8_t* to = result.bytes.data();
  for (std::int64_t channel = 0; channel < size.channels; ++channel)
    for (const Taps& some : taps)
      for (std::int64_t x = 0; x < size.width; ++x)
        *to++ = filtered(image.bytes.data() + channel * image.size.plane() + x, size.width, some);
  return result;
}

}  // namespace

Image with_channels(Image image, std::int64_t channels) {
  if (image.size.channels == channels) return image;
  const auto plane = static_cast<std::size_t>(image.size.plane());
  Image result{{channels, image.size.height, image.size.width},
               std::vector<std::uint8_t>(static_cast<std::size_t>(channels) * plane)};
  if (channels == 1) {
    const std::uint8_t *red = image.bytes.data(), *green = red + plane, *blue = green + plane;
    for (std::size_t i = 0; i < plane; ++i)
      result.bytes[i] = static_cast<std::uint8_t>((77 * red[i] + 150 * green[i] + 29 * blue[i] + 128) / 256);
  } else {
    for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel)
      std::copy(image.bytes.begin(), image.bytes.end(),
                result.bytes.begin() + static_cast<std::ptrdiff_t>(channel * plane));
  }
  return result;
}

Image resized(const Image& image, std::int64_t height, std::int64_t width) {
  return with_height(with_width(image, width), height);
}

ImageSize size_with_shorter_side(ImageSize size, std::int64_t shorter) {
  if (size.height <= size.width) return {size.channels, shorter, size.width * shorter / size.height};
  return {size.channels, size.height * shorter / size.width, shorter};
}

}  // namespace quatrain::emu
