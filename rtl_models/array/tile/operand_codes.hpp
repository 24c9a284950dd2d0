#pragma once
/// The codes of one operand, placed so that each stands at a sum of two offsets: one of its line (m of the
/// left operand, n of the right one) and one of k (numerics.md section 6). The left tensor is copied with
/// its padding, and with the zeros between the strides of a gradient: no code lies outside then.

#include "rtl_models/schedule/tile_schedule.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

/// `lanes` lines from `first` on, in one group.
struct Lines {
  std::uint32_t group = 0;
  std::uint64_t first = 0;
  std::uint32_t lanes = 0;
  friend bool operator==(const Lines&, const Lines&) = default;
};

class OperandCodes {
 public:
  /// Codes of the left copy; far padding makes it large, so a double.
  static double left_size(const traces::Gemm& gemm);
  static OperandCodes left(const traces::Gemm& gemm, const traces::Operand& operand);
  static OperandCodes right(const traces::Gemm& gemm, const traces::Operand& operand);

  /// Writes [k][stride], the lines beside each other; lanes behind them stay as they are.
  void put_by_k(const Lines& lines, KRange k, std::uint8_t* codes, std::size_t stride) const;
  /// Writes [line][stride], the k beside each other.
  void put_by_line(const Lines& lines, KRange k, std::uint8_t* codes, std::size_t stride) const;

 private:
  std::vector<std::uint8_t> codes_;
  std::vector<std::size_t> lines_, ks_;  ///< offsets
  std::size_t group_ = 0;                ///< from one group to the next
};

}  // namespace quatrain::rtl_models
