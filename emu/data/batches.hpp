#pragma once
/// The order of the training samples, and the fp32 images of a batch: window, augmentation, mean and
/// deviation (docs/training-step.md sections 3 and 4).

#include "emu/data/data_set.hpp"
#include "traces/base/parallel_for.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::emu {

/// Fisher-Yates over 0..count-1 with the draws of stream 2; `epoch` counts from 0. count < 2^32.
std::vector<std::uint32_t> sample_order(std::uint32_t seed, std::uint32_t epoch, std::uint32_t count);

/// Which part of an image is taken, and how it is laid into the batch's.
struct Placement {
  std::int64_t top = 0, left = 0;    ///< of the window
  bool is_flipped = false;           ///< left to right
  std::int64_t down = 0, right = 0;  ///< moved by; what is uncovered becomes byte 0
  friend bool operator==(const Placement&, const Placement&) = default;
};

/// In the middle, for evaluation.
Placement central(const ImageSize& image, const ImageSize& window);
/// Of a training sample, by the draws of stream 3; without augmentation in the middle.
Placement augmented(const ImageSize& image, const ImageSize& window, const Augmentation& augmentation,
                    std::uint32_t seed, std::uint32_t epoch, std::uint32_t sample);

/// What decides the augmentation of a training pass.
struct TrainingPass {
  std::uint32_t seed = 0, epoch = 0;
};

/// Fills batches: pixel = f32(f32(f32(byte / 255) - mean) / std) of its channel.
class BatchMaker {
 public:
  BatchMaker(const Images& images, const DataConfig& config);
  /// samples: indices into the images. pixels [samples, channels, height, width] and labels are overwritten.
  /// `pass`: absent in an evaluation.
  void make(std::span<const std::uint32_t> samples, const std::optional<TrainingPass>& pass,
            std::span<float> pixels, std::span<std::uint32_t> labels, base::ThreadPool& pool) const;

 private:
  using Values = std::array<float, 256>;  ///< of each byte
  void place(const ImageView& image, const Placement& placement, float* target) const;

  const Images& images_;
  ImageSize size_;
  Augmentation augmentation_;
  std::vector<Values> values_;  ///< of each channel
};

}  // namespace quatrain::emu
