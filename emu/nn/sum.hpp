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

  /// Copies the elements begin, begin + 1, ... side by side; all of them are there.
  void copy(std::size_t begin, std::span<float> chunk) const {
    for (std::size_t done = 0; done < chunk.size();) {
      const std::size_t batch = (begin + done) / plane_, inside = (begin + done) % plane_;
      const std::size_t run = std::min(plane_ - inside, chunk.size() - done);
      std::copy_n(values_.data() + batch * sample_ + first_ + inside, run, chunk.data() + done);
      done += run;
    }
  }

 private:
  std::span<const float> values_;
  std::size_t plane_, sample_, first_, size_;
};

/// `sums[c]` = sum over the elements of channel c in the order batch, height, width.
void sum_channels(const Tensor& tensor, std::span<float> sums, base::ThreadPool& pool);

}  // namespace quatrain::emu
