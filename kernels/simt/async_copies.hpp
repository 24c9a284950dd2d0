#pragma once
/// The copies that one thread has started by cp_async and not yet waited for, in their groups.

#include "simt/runtime.hpp"
#include <vector>

namespace simt {

struct AsyncCopy {
  void* to;
  const void* from;
  std::size_t bytes, valid;  ///< the rest is zeros
  Place place;
};

class AsyncCopies {
 public:
  void start(const AsyncCopy& copy) { started_.push_back({copy, committed_}); }
  void commit() { ++committed_; }
  /// finish(copy) for the copies of all committed groups but the last `open`, oldest first. Empty groups
  /// count.
  template <typename Finish>
  void finish_all_but(std::size_t open, const Finish& finish) {
    std::size_t done = 0;
    for (; done < started_.size() && started_[done].group + open < committed_; ++done)
      finish(started_[done].copy);
    started_.erase(started_.begin(), started_.begin() + static_cast<std::ptrdiff_t>(done));
  }
  void clear() { started_.clear(); }

 private:
  struct Started {
    AsyncCopy copy;
    std::size_t group;
  };
  std::vector<Started> started_;
  std::size_t committed_ = 0;  ///< groups
};

}  // namespace simt
