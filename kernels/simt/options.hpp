#pragma once
/// How the SIMT runtime goes through a block. No result may depend on it: tests run every order.

#include <cstdint>

namespace quatrain::kernels {

/// Order in which the threads of a block are resumed between two barriers.
enum class ThreadOrder : std::uint8_t { first_to_last, last_to_first, shuffled, warps_interleaved };

struct SimtOptions {
  ThreadOrder order = ThreadOrder::shuffled;
  std::uint64_t seed = 1;  ///< of `shuffled`
};

}  // namespace quatrain::kernels
