#pragma once
/// Toggles of the operand registers that codes run through, counted from the codes alone: a code that enters
/// lane i of an edge in cycle c changes the lane's register number d at edge c + i + d + 1, in all registers
/// of the lane, until the GEMM ends (docs/hardware-model.md, "Activity", rules 1 to 3).

#include "rtl_models/array/simd_path.hpp"
#include "rtl_models/pe/pe_table.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

class PassingCodes {
 public:
  /// `depth`: registers of a lane. `end`: the last edge that counts.
  PassingCodes(std::uint32_t lanes, std::uint32_t depth, std::uint64_t end, SimdPath path)
      : depth_(depth), end_(end), path_(path), lanes_(lanes) {}

  /// codes [k][stride] enter the first `lanes` lanes from `cycle` on, lane i its i cycles later.
  void stream(const std::uint8_t* codes, std::size_t stride, std::uint32_t lanes, std::uint64_t length,
              std::uint64_t cycle);
  /// Behind the last of them, too.
  std::uint64_t toggles();

 private:
  struct Lane {
    std::uint8_t code = 0;     ///< the last one
    std::uint64_t behind = 0;  ///< the cycle after it, without the lane's own delay
  };
  void change(std::size_t lane, std::uint64_t cycle, unsigned bits);
  void leave(std::size_t lane);

  std::uint32_t depth_;
  std::uint64_t end_, toggles_ = 0;
  SimdPath path_;
  std::vector<Lane> lanes_;
};

/// The same where registers hold what a kind of PE makes of the codes.
class PassingOperands {
 public:
  PassingOperands(const OperandTable& table, std::uint32_t lanes, std::uint32_t depth, std::uint64_t end,
                  SimdPath path)
      : table_(table), low_(lanes, depth, end, path), high_(lanes, depth, end, path) {}

  void stream(const std::uint8_t* codes, std::size_t stride, std::uint32_t lanes, std::uint64_t length,
              std::uint64_t cycle);
  std::uint64_t toggles() { return low_.toggles() + high_.toggles(); }

 private:
  OperandTable table_;
  PassingCodes low_, high_;          ///< the two bytes of a register
  std::vector<std::uint8_t> bytes_;  ///< [k][lanes]
};

}  // namespace quatrain::rtl_models
