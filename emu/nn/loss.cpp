#include "emu/nn/loss.hpp"

#include "emu/nn/elementary.hpp"
#include "emu/nn/sum.hpp"

#include <cassert>
#include <vector>

namespace quatrain::emu {
namespace {

std::span<const float> row_of(const Tensor& logits, std::size_t sample) {
  const auto classes = static_cast<std::size_t>(logits.extent().elements());
  return logits.values().subspan(sample * classes, classes);
}

/// exponentials[j] = exp(f32(z_j - max)); returns the sample's loss and their sum.
struct Softmax {
  float loss = 0, total = 0;
};
Softmax softmax(std::span<const float> row, std::uint32_t label, std::span<float> exponentials) {
  assert(label < row.size());
  float largest = row[0];
  for (const float z : row) largest = z > largest ? z : largest;
  for (std::size_t j = 0; j < row.size(); ++j) exponentials[j] = exponential(row[j] - largest);
  const float total = sum(exponentials);
  return {.loss = logarithm(total) - (row[label] - largest), .total = total};
}

}  // namespace

void cross_entropy(const Tensor& logits, std::span<const std::uint32_t> labels, std::span<float> losses) {
  std::vector<float> exponentials(static_cast<std::size_t>(logits.extent().elements()));
  for (std::size_t sample = 0; sample < labels.size(); ++sample)
    losses[sample] = softmax(row_of(logits, sample), labels[sample], exponentials).loss;
}

void cross_entropy_with_gradient(const Tensor& logits, std::span<const std::uint32_t> labels,
                                 std::span<float> losses, Tensor& gradient) {
  const auto classes = static_cast<std::size_t>(logits.extent().elements());
  const auto batch = static_cast<float>(logits.batch());
  gradient.resize(logits.batch(), logits.extent());
  std::vector<float> exponentials(classes);
  for (std::size_t sample = 0; sample < labels.size(); ++sample) {
    const Softmax result = softmax(row_of(logits, sample), labels[sample], exponentials);
    losses[sample] = result.loss;
    const std::span<float> row = gradient.values().subspan(sample * classes, classes);
    for (std::size_t j = 0; j < classes; ++j) {
      const float probability = exponentials[j] / result.total;
      row[j] = (probability - (j == labels[sample] ? 1.0F : 0.0F)) / batch;
    }
  }
}

std::int64_t count_correct(const Tensor& logits, std::span<const std::uint32_t> labels) {
  std::int64_t correct = 0;
  for (std::size_t sample = 0; sample < labels.size(); ++sample) {
    const std::span<const float> row = row_of(logits, sample);
    std::size_t largest = 0;
    for (std::size_t j = 1; j < row.size(); ++j)
      if (row[j] > row[largest]) largest = j;
    correct += largest == labels[sample];
  }
  return correct;
}

float mean(std::span<const float> elements) { return sum(elements) / static_cast<float>(elements.size()); }

}  // namespace quatrain::emu
