#include "emu/nn/sum.hpp"

#include <cassert>

namespace quatrain::emu {
namespace {

/// At most sum_chunk elements.
float sum_of_chunk(std::span<const float> elements) {
  SumLanes lanes;
  lanes.add(elements.data(), elements.size());
  return lanes.folded();
}

float sum_channel(const Tensor& tensor, std::int64_t channel) {
  const ChannelElements elements(tensor, channel);
  return sum_of_chunks(elements.size(),
                       [&](std::size_t begin, std::span<float> chunk) { elements.copy(begin, chunk); });
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
      sums[channel] = sum_channel(tensor, static_cast<std::int64_t>(channel));
  });
}

}  // namespace quatrain::emu
