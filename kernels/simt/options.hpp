#pragma once
/// How the runtime goes through a block. No result may depend on it: try every order.

#include <cstdint>

namespace simt {

/// Order in which the threads of a block are resumed between two barriers.
enum class ThreadOrder : std::uint8_t { first_to_last, last_to_first, shuffled, warps_interleaved };

struct Options {
  ThreadOrder order = ThreadOrder::shuffled;
  std::uint64_t seed = 1;  ///< of `shuffled`
  /// Every access of the kernels is checked (checker.hpp). They are compiled for it, and run on one OS
  /// thread.
  bool checks = false;
};

}  // namespace simt
