#pragma once
/// The bytes of a GEMM in a memory, block by block, and the array that computes with what stands in its
/// buffers: all values of a block at once. A wrong byte on the way is a wrong accumulator.
///
/// In the memory each block of an operand is one run: of the left operand its different elements in the order
/// of the tensor, of the right one its codes by sample, column and k; both packed, two codes a byte. Results
/// are int32 accumulators, row by row of a block.

#include "rtl_models/feeder/lowering.hpp"
#include "rtl_models/memory/memory_model.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"
#include "traces/machine.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace quatrain::rtl_models {

class BlockOperands final : public BlockData {
 public:
  /// `blocks`: all of them, in order. `alignment`: every run begins at a multiple of so many bytes.
  BlockOperands(const traces::Gemm& gemm, const traces::Operand& left, std::span<const traces::Operand> right,
                std::span<const BlockVisit> blocks, unsigned places, std::uint64_t alignment);

  struct Image {
    std::uint64_t address = 0;
    std::vector<std::uint8_t> bytes;
  };
  /// What has to be in the memory before.
  std::vector<Image> images() const;
  std::uint64_t memory_bytes() const { return end_; }
  /// After the last block, in natural shape. `read` fetches bytes from the memory.
  std::vector<std::int32_t> accumulators(
      const std::function<void(std::uint64_t address, std::span<std::uint8_t>)>& read) const;

  void begin(const BlockVisit& block) override;
  Run left(const BlockVisit& block) override;
  Run right(const BlockVisit& block) override;
  Run sums(const BlockVisit& block) override;
  void compute(const BlockVisit& block) override;
  Run stored(const BlockVisit& block) override;

 private:
  using Key = std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>;  ///< group and two indices
  struct LeftRun {
    Image image;
    std::vector<std::int64_t> elements;
  };
  struct ResultRun {
    std::uint64_t address = 0;
    KRange m, n;
  };
  /// One place of the accumulator buffer: a block of results, or all of a group.
  using Results = std::map<Key, std::vector<std::int32_t>>;
  struct InFlight {
    unsigned left = 0, right = 0, results = 0;  ///< places
  };

  static Key left_key(const BlockVisit& block);
  static Key right_key(const BlockVisit& block);
  static Key result_key(const BlockVisit& block) { return {block.group, block.m.first, block.n.first}; }
  std::int64_t element(const BlockVisit& block, std::uint64_t m, std::uint64_t k) const;
  void place_left(const BlockVisit& block);
  void place_right(const BlockVisit& block);
  std::uint64_t reserve(std::uint64_t bytes);
  void fetch_left(const BlockVisit& block);
  InFlight& in_flight(const BlockVisit& block) { return in_flight_[block.number % in_flight_.size()]; }
  Run results(const BlockVisit& block);

  traces::Gemm gemm_;
  traces::GemmSize size_;
  LeftAddress left_address_;
  RightAddress right_address_;
  std::vector<std::uint8_t> left_codes_;
  std::vector<std::vector<std::uint8_t>> right_codes_;  ///< [sample]
  std::array<std::array<std::int16_t, 16>, 16> products_{};
  unsigned places_;
  std::uint64_t alignment_, end_ = 0;

  std::map<Key, LeftRun> left_runs_;
  std::map<Key, Image> right_runs_;
  std::map<Key, ResultRun> result_runs_;

  std::array<std::vector<std::uint8_t>, 2> left_buffer_, right_buffer_;  ///< [place]
  std::array<Results, 2> result_buffer_;
  std::array<InFlight, 3> in_flight_;
  InFlight last_;
  Key held_results_{UINT32_MAX, 0, 0};
  std::vector<std::uint8_t> fetched_;  ///< [element of the left tensor]
};

}  // namespace quatrain::rtl_models
