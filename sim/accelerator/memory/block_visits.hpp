#pragma once
/// The blocks of a GEMM in the order in which the array visits them, with the bytes of each
/// (docs/hardware-model.md, "Mapping"). Summed up they are what mapping/block_traffic.hpp says in closed
/// form, but for half bytes: every run begins at a whole byte.

#include "rtl_models/memory/block_visit.hpp"
#include "sim/accelerator/mapping/block_traffic.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace quatrain::sim {

class BlockVisits {
 public:
  /// `mapping`: that of `traffic`, with blocks that it does not refuse. `traffic` must outlive this.
  BlockVisits(BlockTraffic& traffic, const Mapping& mapping);
  BlockVisits(const BlockVisits&) = delete;
  BlockVisits& operator=(const BlockVisits&) = delete;

  /// False after the last block.
  bool next(rtl_models::BlockVisit& visit);
  /// Passes over blocks that follow the one before and have its bytes and cycles; returns how many. They are
  /// those inside the innermost loop, without its first and its last.
  std::uint64_t skip_alike();

 private:
  /// One loop over blocks of an axis.
  struct Loop {
    std::uint64_t size = 1, block = 1, trips = 1, at = 0;
    bool is_last() const { return at + 1 == trips; }
    rtl_models::KRange range() const;
  };
  using Place = std::pair<std::uint64_t, std::uint64_t>;

  void load(rtl_models::BlockVisit& visit);
  std::uint64_t cycles(const rtl_models::BlockVisit& visit) const;
  bool step();

  BlockTraffic& traffic_;
  Mapping mapping_;
  BlockTraffic::Held held_;
  Loop m_, n_, k_;
  std::array<Loop*, 3> order_{};  ///< outermost first
  bool is_one_stream_ = false;
  std::uint64_t group_ = 0, number_ = 0;
  std::optional<Place> left_, right_;  ///< blocks that the buffers hold
  bool comes_back_ = false;            ///< the next block is of other results than the one before
};

}  // namespace quatrain::sim
