#include "emu/data/batches.hpp"

#include "emu/random/philox.hpp"

#include <cassert>
#include <numeric>
#include <utility>

namespace quatrain::emu {

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

BatchMaker::BatchMaker(const LabelledImages& images, const DataConfig& config) : images_(images), values_{} {
  const auto mean = static_cast<float>(config.mean);
  const auto std = static_cast<float>(config.std);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const float scaled = static_cast<float>(byte) / 255.0F;
    const float centred = scaled - mean;
    values_[byte] = centred / std;
  }
}

void BatchMaker::make(std::span<const std::uint32_t> samples, std::span<float> pixels,
                      std::span<std::uint8_t> labels, base::ThreadPool& pool) const {
  constexpr auto plane = static_cast<std::size_t>(image_height * image_width);
  assert(pixels.size() == samples.size() * plane && labels.size() == samples.size());
  for_pieces(pool, samples.size(), base::items_a_piece(plane), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint8_t* source = images_.pixels.data() + samples[i] * plane;
      float* target = pixels.data() + i * plane;
      for (std::size_t pixel = 0; pixel < plane; ++pixel) target[pixel] = values_[source[pixel]];
      labels[i] = images_.labels[samples[i]];
    }
  });
}

}  // namespace quatrain::emu
