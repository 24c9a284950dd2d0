#pragma once
/// The one shape in which fp32 numbers are added up (docs/training-step.md section 5): up to 4096 elements in
/// 32 lanes that fold by halves; more than that in chunks of 4096 whose sums are added up the same way. Equal
/// bits for any thread count and SIMD width.

#include "emu/nn/tensor.hpp"
#include "traces/base/parallel_for.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace quatrain::emu {

inline constexpr std::size_t sum_lanes = 32;
inline constexpr std::size_t sum_chunk = 4096;

/// +0 for no elements.
float sum(std::span<const float> elements);

/// The lanes of one chunk.
class SumLanes {
 public:
  /// The next elements; only the last time may `count` be no multiple of sum_lanes.
  [[gnu::always_inline]] void add(const float* elements, std::size_t count) {
    std::array<float, sum_lanes> sums = lanes_;
    std::size_t i = 0;
    for (; i + sum_lanes <= count; i += sum_lanes)
      for (std::size_t lane = 0; lane < sum_lanes; ++lane) sums[lane] += elements[i + lane];
    for (std::size_t lane = 0; i + lane < count; ++lane) sums[lane] += elements[i + lane];
    lanes_ = sums;
  }
  float folded() {
    for (std::size_t width = sum_lanes / 2; width > 0; width /= 2)
      for (std::size_t lane = 0; lane < width; ++lane) lanes_[lane] += lanes_[lane + width];
    return lanes_[0];
  }

 private:
  std::array<float, sum_lanes> lanes_{};
};

/// Sum of `count` elements of which there is only a chunk at a time: fill(begin, chunk) writes the elements
/// begin, begin + 1, ... into `chunk`, which has at most sum_chunk places.
template <typename Fill>
float sum_of_chunks(std::size_t count, const Fill& fill) {
  std::array<float, sum_chunk> room;
  std::vector<float> sums;
  for (std::size_t begin = 0; begin < count; begin += sum_chunk) {
    const std::span<float> chunk = std::span(room).first(std::min(sum_chunk, count - begin));
    fill(begin, chunk);
    sums.push_back(sum(chunk));
  }
  return sum(sums);  // of one: the chunk's, whose lane it fills alone
}

/// The elements of one channel as one sequence, in the order batch, height, width.
class ChannelElements {
 public:
  ChannelElements(const Tensor& tensor, std::int64_t channel)
      : values_(tensor.values()),
        plane_(static_cast<std::size_t>(tensor.extent().plane())),
        sample_(static_cast<std::size_t>(tensor.extent().elements())),
        first_(static_cast<std::size_t>(channel) * plane_),
        size_(static_cast<std::size_t>(tensor.batch()) * plane_) {}

  std::size_t size() const { return size_; }
  std::size_t sample() const { return sample_; }  ///< elements from a place to the same of the next sample

  /// body(place in the tensor, place in the range, elements) for the runs of the elements begin, begin + 1,
  /// ... that lie side by side in the tensor; all `count` of them are there.
  template <typename Body>
  [[gnu::always_inline]] void for_runs(std::size_t begin, std::size_t count, const Body& body) const {
    std::size_t place = begin / plane_ * sample_ + first_, inside = begin % plane_;
    for (std::size_t done = 0; done < count; inside = 0, place += sample_) {
      const std::size_t run = std::min(plane_ - inside, count - done);
      body(place + inside, done, run);
      done += run;
    }
  }

  /// Copies the elements begin, begin + 1, ... side by side; all of them are there.
  void copy(std::size_t begin, std::span<float> chunk) const {
    for_runs(begin, chunk.size(), [&](std::size_t place, std::size_t done, std::size_t run) {
      std::copy_n(values_.data() + place, run, chunk.data() + done);
    });
  }

 private:
  std::span<const float> values_;
  std::size_t plane_, sample_, first_, size_;
};

/// `sums[c]` = sum over the elements of channel c in the order batch, height, width.
void sum_channels(const Tensor& tensor, std::span<float> sums, base::ThreadPool& pool);

}  // namespace quatrain::emu
