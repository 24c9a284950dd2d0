#pragma once
/// Softmax cross-entropy of a batch of logits [batch, classes] (docs/training-step.md): a loss for each
/// sample, and the gradient of their mean, each element divided by the batch's size.

#include "emu/nn/tensor.hpp"

#include <cstdint>
#include <span>

namespace quatrain::emu {

/// labels: one per sample, below the number of classes. losses: one per sample, overwritten.
void cross_entropy(const Tensor& logits, std::span<const std::uint32_t> labels, std::span<float> losses);

/// The same, and the gradient by the logits.
void cross_entropy_with_gradient(const Tensor& logits, std::span<const std::uint32_t> labels,
                                 std::span<float> losses, Tensor& gradient);

/// Samples whose largest logit is their label's; among equals the lowest class counts as largest.
std::int64_t count_correct(const Tensor& logits, std::span<const std::uint32_t> labels);

/// sum(losses) / count, one IEEE division.
float mean(std::span<const float> elements);

}  // namespace quatrain::emu
