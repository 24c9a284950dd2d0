#pragma once
/// What moves between DRAM and the buffers when a GEMM is computed in blocks, and what has to move in any
/// case.
///
/// The left and the right half of the operand buffer each hold one block, or the whole operand where it fits.
/// The accumulator buffer holds a block of results, or all of them where they fit: int32 accumulators that
/// stay until k is complete. Where the order leaves a block of results before that, they are written to DRAM
/// and come back, 4 bytes each.

#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/mapping/left_elements.hpp"
#include "sim/accelerator/traffic.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {

class BlockTraffic {
 public:
  /// `mapping`: sizes and array; its own blocks are not looked at.
  BlockTraffic(const traces::Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers);

  /// Why these blocks cannot be held, naming the key of "mapping" and the buffer; nothing where they can.
  std::optional<std::string> refuses(const Blocks& blocks);
  bool fits(const Blocks& blocks);
  /// Of blocks that are not refused.
  Traffic traffic(const Blocks& blocks);
  /// Each operand read once, each result written once.
  Traffic compulsory();

  /// What stays in its buffer as a whole while a group is computed. With one memory for all: of what fits
  /// beside the other blocks, the choice that moves the least bytes; of equal ones the first in the order
  /// none, left, right, both, and then these with the results.
  struct Held {
    bool left = false, right = false, results = false;
  };
  Held held(const Blocks& blocks);
  /// Left blocks of one size have the same bytes.
  bool left_is_plain() const { return left_.is_plain(); }
  // Bytes of one run, from a whole byte on: the left operand of a group; its block with these indices; n
  // columns by k of the right operand with all samples.
  std::uint64_t left_bytes() const;
  std::uint64_t left_bytes(const Blocks& blocks, std::uint64_t m_index, std::uint64_t k_index);
  std::uint64_t right_bytes(std::uint64_t n, std::uint64_t k) const;
  /// Of so many finished results.
  std::uint64_t result_bytes(std::uint64_t results) const;
  /// The blocks with the least DRAM bytes; of equal ones, those that interrupt the streams of k least.
  /// docs/hardware-model.md says which are tried. Nothing where no block fits.
  std::optional<Blocks> least_bytes();
  /// Sizes that a search tries: for each number of blocks the smallest that gives it; all of the axis first.
  struct Sizes {
    std::vector<std::uint64_t> m, n, k;
  };
  Sizes sizes() const;
  /// Calls body(blocks) for all of these sizes that fit, each in every order.
  template <typename Body>
  void for_each_that_fits(const Body& body) {
    const auto [m_sizes, n_sizes, k_sizes] = sizes();
    for (const std::uint64_t m : m_sizes)
      for (const std::uint64_t n : n_sizes)
        for (const std::uint64_t k : k_sizes) {
          if (!fits({LoopOrder::m_n_k, m, n, k})) continue;
          for (const LoopOrder order : all_loop_orders) body(Blocks{order, m, n, k});
        }
  }

 private:
  /// The choices of Held: bit 0 says left, bit 1 right, bit 2 results.
  static constexpr unsigned choices = 8;
  static Held choice(unsigned number) { return {(number & 1) != 0, (number & 2) != 0, (number & 4) != 0}; }
  /// A bit for each choice that fits into the one memory.
  unsigned unified_choices(const Blocks& blocks);
  struct Bits {
    std::uint64_t left = 0, right = 0, sums = 0;
    std::uint64_t all() const { return checked_sum(checked_sum(left, right), sums); }
  };
  using Needed = Bits;  ///< room
  using Moved = Bits;   ///< from and to DRAM, of a group
  Needed needed(const Blocks& blocks);
  Moved moved(const Blocks& blocks, const Held& held, std::uint64_t left_elements) const;
  std::optional<Blocks> least_bytes_unified();
  Trips trips(const Blocks& blocks) const;
  bool left_fits(const Blocks& blocks);
  bool right_fits(const Blocks& blocks) const;
  bool accumulators_fit(const Blocks& blocks) const;
  std::uint64_t left_bits(std::uint64_t elements) const { return elements * buffers_.element_bits; }

  Mapping mapping_;
  OperandBuffers buffers_;
  LeftElements left_;
  std::uint64_t whole_left_, k_, right_bits_, results_, sum_bits_;  ///< of one group
};

}  // namespace quatrain::sim
