#pragma once
/// Bytes of no meaning, all at address 0: for runs that only tell time.

#include "rtl_models/memory/memory_model.hpp"

#include <algorithm>
#include <vector>

namespace quatrain::rtl_models {

class UnspecifiedData final : public BlockData {
 public:
  void begin(const BlockVisit&) override {}
  Run left(const BlockVisit& block) override { return run(block.left_bytes); }
  Run right(const BlockVisit& block) override { return run(block.right_bytes); }
  Run sums(const BlockVisit& block) override { return run(block.sum_bytes); }
  void compute(const BlockVisit&) override {}
  Run stored(const BlockVisit& block) override { return run(block.stored_bytes); }

 private:
  Run run(std::uint64_t bytes) {
    buffer_.resize(std::max<std::size_t>(buffer_.size(), bytes));
    return {0, std::span(buffer_).first(bytes)};
  }

  std::vector<std::uint8_t> buffer_;
};

}  // namespace quatrain::rtl_models
