#include "emu/nn/layers/dropout.hpp"

#include "emu/random/philox.hpp"

#include <algorithm>
#include <array>

namespace quatrain::emu {
namespace {

constexpr std::size_t words_at_once = 1024;
static_assert(elementwise_piece % words_at_once == 0, "every piece begins with a block of draws");

}  // namespace

Dropout::Dropout(const LayerConfig& config, std::uint32_t id, SimdPath path)
    : id_(id),
      path_(path),
      threshold_(static_cast<std::uint32_t>(config.rate * 0x1p32)),
      factor_(static_cast<float>(1 / (1 - config.rate))) {}

void Dropout::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  const Tensor& input = inputs.first();
  switch (context.pass) {
    case traces::Pass::train:
      break;
    case traces::Pass::evaluation:
      output = input;
      return;
  }
  output.resize(input.batch(), input.extent());
  stays_.resize(input.size());
  const DrawSource draws{context.seed, Stream::dropout, context.step, id_, 0};
  for_pieces(context.pool, input.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    std::array<std::uint32_t, words_at_once> words;
    for (; begin < end; begin += words_at_once) {
      const std::size_t count = std::min(end - begin, words_at_once);
      draws.fill(static_cast<std::uint32_t>(begin / 4), std::span(words).first((count + 3) / 4 * 4), path_);
      for (std::size_t i = 0; i < count; ++i) {
        const bool stays = words[i] >= threshold_;
        stays_[begin + i] = stays;
        output.values()[begin + i] = stays ? input.values()[begin + i] * factor_ : 0.0F;
      }
    }
  });
}

void Dropout::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  if (input_gradient == nullptr) return;
  input_gradient->resize(gradient.batch(), gradient.extent());
  for_pieces(context.pool, gradient.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      input_gradient->values()[i] = stays_[i] != 0 ? gradient.values()[i] * factor_ : 0.0F;
  });
}

}  // namespace quatrain::emu
