#include "emu/data/batches.hpp"

#include "emu/random/philox.hpp"

#include <cassert>
#include <numeric>
#include <utility>

namespace quatrain::emu {
namespace {

/// The number of a draw for an image: counter word c3 of stream 3.
enum class ImageDraw : std::uint32_t { flip, down, right, top, left };

}  // namespace

std::vector<std::uint32_t> sample_order(std::uint32_t seed, std::uint32_t epoch, std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  const DrawSource draws{seed, Stream::order, epoch, 0, 0};
  for (std::uint64_t i = count; i-- > 1;) {
    const std::uint64_t word = draws.draw(i, 32);
    std::swap(order[i], order[(word * (i + 1)) >> 32]);
  }
  return order;
}

Placement central(const ImageSize& image, const ImageSize& window) {
  return {.top = (image.height - window.height) / 2, .left = (image.width - window.width) / 2};
}

Placement augmented(const ImageSize& image, const ImageSize& window, const Augmentation& augmentation,
                    std::uint32_t seed, std::uint32_t epoch, std::uint32_t sample) {
  const auto drawn = [&](ImageDraw number, std::int64_t count) {
    const DrawSource draws{seed, Stream::augmentation, epoch, 0, static_cast<std::uint32_t>(number)};
    const std::uint64_t word = draws.draw(sample, 32);
    return static_cast<std::int64_t>((word * static_cast<std::uint64_t>(count)) >> 32);
  };
  Placement placement = central(image, window);
  if (augmentation.crop) {
    placement.top = drawn(ImageDraw::top, image.height - window.height + 1);
    placement.left = drawn(ImageDraw::left, image.width - window.width + 1);
  }
  if (augmentation.flip) placement.is_flipped = drawn(ImageDraw::flip, 2) == 1;
  if (const std::int64_t shift = augmentation.shift; shift > 0) {
    placement.down = drawn(ImageDraw::down, 2 * shift + 1) - shift;
    placement.right = drawn(ImageDraw::right, 2 * shift + 1) - shift;
  }
  return placement;
}

BatchMaker::BatchMaker(const Images& images, const DataConfig& config)
    : images_(images), size_(config.size), augmentation_(config.augmentation) {
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(size_.channels); ++channel) {
    const auto mean = static_cast<float>(config.mean.size() == 1 ? config.mean[0] : config.mean.at(channel));
    const auto std = static_cast<float>(config.std.size() == 1 ? config.std[0] : config.std.at(channel));
    Values& values = values_.emplace_back();
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const float scaled = static_cast<float>(byte) / 255.0F;
      const float centred = scaled - mean;
      values[byte] = centred / std;
    }
  }
}

void BatchMaker::make(std::span<const std::uint32_t> samples, const std::optional<TrainingPass>& pass,
                      std::span<float> pixels, std::span<std::uint32_t> labels,
                      base::ThreadPool& pool) const {
  const auto elements = static_cast<std::size_t>(size_.elements());
  assert(pixels.size() == samples.size() * elements && labels.size() == samples.size());
  for_pieces(pool, samples.size(), base::items_a_piece(elements), [&](std::size_t begin, std::size_t end) {
    Image memory;
    for (std::size_t i = begin; i < end; ++i) {
      const ImageView image = images_.image(samples[i], memory);
      place(image,
            pass ? augmented(image.size, size_, augmentation_, pass->seed, pass->epoch, samples[i])
                 : central(image.size, size_),
            pixels.data() + i * elements);
      labels[i] = images_.label(samples[i]);
    }
  });
}

void BatchMaker::place(const ImageView& image, const Placement& placement, float* target) const {
  for (std::int64_t channel = 0; channel < size_.channels; ++channel) {
    const Values& values = values_[static_cast<std::size_t>(channel)];
    const std::uint8_t* source = image.bytes.data() + channel * image.size.plane();
    for (std::int64_t y = 0; y < size_.height; ++y) {
      const std::int64_t row = y - placement.down;
      const bool has_row = row >= 0 && row < size_.height;
      const std::int64_t line = (placement.top + row) * image.size.width + placement.left;
      for (std::int64_t x = 0; x < size_.width; ++x) {
        const std::int64_t moved = x - placement.right;
        const bool is_covered = has_row && moved >= 0 && moved < size_.width;
        const std::int64_t column = placement.is_flipped ? size_.width - 1 - moved : moved;
        *target++ = values[is_covered ? source[line + column] : 0];
      }
    }
  }
}

}  // namespace quatrain::emu
