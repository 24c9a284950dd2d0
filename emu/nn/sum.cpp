#include "emu/nn/sum.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace quatrain::emu {
namespace {

/// At most sum_chunk elements.
float sum_of_chunk(std::span<const float> elements) {
  std::array<float, sum_lanes> lanes{};
  std::size_t i = 0;
  for (; i + sum_lanes <= elements.size(); i += sum_lanes)
    for (std::size_t lane = 0; lane < sum_lanes; ++lane) lanes[lane] += elements[i + lane];
  for (std::size_t lane = 0; i + lane < elements.size(); ++lane) lanes[lane] += elements[i + lane];
  for (std::size_t width = sum_lanes / 2; width > 0; width /= 2)
    for (std::size_t lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  return lanes[0];
}

/// One channel's elements as one sequence: copies those of a chunk side by side.
class ChannelElements {
 public:
  ChannelElements(const Tensor& tensor, std::int64_t channel)
      : values_(tensor.values()),
        plane_(static_cast<std::size_t>(tensor.extent().plane())),
        sample_(static_cast<std::size_t>(tensor.extent().elements())),
        first_(static_cast<std::size_t>(channel) * plane_),
        size_(static_cast<std::size_t>(tensor.batch()) * plane_) {}

  std::size_t size() const { return size_; }

  std::span<const float> chunk(std::size_t begin, std::array<float, sum_chunk>& room) const {
    const std::size_t count = std::min(sum_chunk, size_ - begin);
    for (std::size_t done = 0; done < count;) {
      const std::size_t batch = (begin + done) / plane_, inside = (begin + done) % plane_;
      const std::size_t run = std::min(plane_ - inside, count - done);
      std::copy_n(values_.data() + batch * sample_ + first_ + inside, run, room.data() + done);
      done += run;
    }
    return {room.data(), count};
  }

 private:
  std::span<const float> values_;
  std::size_t plane_, sample_, first_, size_;
};

float sum_channel(const ChannelElements& elements) {
  std::array<float, sum_chunk> room;
  if (elements.size() <= sum_chunk) return sum_of_chunk(elements.chunk(0, room));
  std::vector<float> chunk_sums;
  for (std::size_t begin = 0; begin < elements.size(); begin += sum_chunk)
    chunk_sums.push_back(sum_of_chunk(elements.chunk(begin, room)));
  return sum(chunk_sums);
}

}  // namespace

float sum(std::span<const float> elements) {
  if (elements.size() <= sum_chunk) return sum_of_chunk(elements);
  std::vector<float> chunk_sums;
  for (std::size_t begin = 0; begin < elements.size(); begin += sum_chunk)
    chunk_sums.push_back(sum_of_chunk(elements.subspan(begin, std::min(sum_chunk, elements.size() - begin))));
  return sum(chunk_sums);
}

void sum_channels(const Tensor& tensor, std::span<float> sums, base::ThreadPool& pool) {
  assert(static_cast<std::int64_t>(sums.size()) == tensor.extent().channels);
  // A linear layer has many channels of a few elements each: several to a task.
  const std::size_t group = tensor.extent().plane() == 1 ? 64 : 1;
  for_pieces(pool, sums.size(), group, [&](std::size_t begin, std::size_t end) {
    for (std::size_t channel = begin; channel < end; ++channel)
      sums[channel] = sum_channel(ChannelElements(tensor, static_cast<std::int64_t>(channel)));
  });
}

}  // namespace quatrain::emu
