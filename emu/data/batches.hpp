#pragma once
/// The order of the training samples and the fp32 images of a batch (numerics.md section 8).

#include "emu/data/data_set.hpp"
#include "traces/base/parallel_for.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::emu {

/// Fisher-Yates over 0..count-1 with the draws of stream 2; `epoch` counts from 0. count < 2^32.
std::vector<std::uint32_t> sample_order(std::uint32_t seed, std::uint32_t epoch, std::uint32_t count);

/// Fills batches: pixel = f32(f32(f32(byte / 255) - mean) / std).
class BatchMaker {
 public:
  BatchMaker(const LabelledImages& images, const DataConfig& config);
  /// samples: indices into the images. pixels [samples, height, width] and labels are overwritten.
  void make(std::span<const std::uint32_t> samples, std::span<float> pixels, std::span<std::uint8_t> labels,
            base::ThreadPool& pool) const;

 private:
  const LabelledImages& images_;
  std::array<float, 256> values_;  ///< of each byte
};

}  // namespace quatrain::emu
