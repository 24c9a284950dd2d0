#pragma once
/// An array that stands still until the operands of its next block are in the buffers. While it does, no
/// register changes and its clock stops. Who moves the operands is behind BlockGate
/// (memory/block_machine.hpp).

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sc_core {
class sc_event;
}

namespace quatrain::rtl_models {

/// Where a block begins: in the cycle in which this operand of the tile's stream enters PE(0,0).
struct BlockBegin {
  std::size_t tile = 0;  ///< in the schedule
  std::uint64_t operand = 0;
  friend bool operator==(const BlockBegin&, const BlockBegin&) = default;
};

/// What the array asks, in the kernel's time.
class BlockGate {
 public:
  virtual ~BlockGate() = default;
  /// Its first cycle could begin now.
  virtual void start() = 0;
  /// All blocks before this one are computed. Whether it may begin; false: after go_on().
  virtual bool reached(std::uint64_t block) = 0;
  virtual sc_core::sc_event& go_on() = 0;
  /// All are computed. The gate ends the run of the kernel.
  virtual void finished() = 0;
};

struct Holds {
  std::vector<BlockBegin> begins;  ///< in order
  BlockGate* gate = nullptr;
  std::uint64_t period_ps = 1000;  ///< of the array's clock
};

}  // namespace quatrain::rtl_models
