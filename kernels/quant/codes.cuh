#pragma once
/// From elements to codes, a word for eight of them, by the coder of a rule.

#include "kernels/quant/absmax.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

template <typename Access, typename Coder>
__global__ void make_codes(const float* x, unsigned count, Coder coder, std::uint32_t* codes) {
  for_words<Access>(x, count, first_word<Access>(blockIdx.x),
                    [&](const float(&values)[word_elements], unsigned first) {
                      codes[first / word_elements] = coder.word(values, first);
                    });
}

/// The same, and the maximum from the same loads.
template <typename Access, typename Coder>
__global__ void make_codes_and_maximum(const float* x, unsigned count, Coder coder, bool negative_is_bad,
                                       std::uint32_t* codes, FoundMaximum* found) {
  MaximumOfThread maximum{negative_is_bad};
  for_words<Access>(x, count, first_word<Access>(blockIdx.x),
                    [&](const float(&values)[word_elements], unsigned first) {
                      QUATRAIN_UNROLL
                      for (unsigned j = 0; j < word_elements; ++j) maximum.take(values[j], first + j);
                      codes[first / word_elements] = coder.word(values, first);
                    });
  maximum.give(found);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
