#pragma once
/// Operand registers behind the PEs that a job uses. What runs through them meets nothing, so only their
/// toggles count: a register changes as the one before it did at the edge before.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

class PassedOn {
 public:
  /// So many registers stand behind the last one in use, in each lane.
  explicit PassedOn(std::size_t registers = 0) : changes_(registers) {}

  bool empty() const { return changes_.empty(); }
  void clear() {
    changes_.assign(changes_.size(), 0);
    toggles_ = 0;
  }
  /// At each edge: the bits that change in the last registers in use, all lanes together. Returns the bits
  /// that change behind them.
  std::uint64_t edge(std::uint64_t last_toggles) {
    if (empty()) return 0;
    const std::uint64_t now = toggles_;
    toggles_ += last_toggles - changes_[oldest_];
    changes_[oldest_] = last_toggles;
    if (++oldest_ == changes_.size()) oldest_ = 0;
    return now;
  }

 private:
  std::vector<std::uint64_t> changes_;  ///< of the last register in use, at as many edges
  std::size_t oldest_ = 0;
  std::uint64_t toggles_ = 0;  ///< their sum
};

}  // namespace quatrain::rtl_models
