#pragma once
/// Operands of a tile as its sums need them: codes, their values, and how many of each k are not zero.

#include "rtl_models/array/simd_path.hpp"
#include "rtl_models/array/tile/operand_codes.hpp"

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace quatrain::rtl_models {

/// What a code stands for, in units of the scale.
struct CodeTable {
  const traces::CodeValues* values;
  /// Bits of a code that are all 0 exactly when its value is zero: FP4's sign does not count.
  std::uint8_t zero_mask;
};
CodeTable code_table(traces::Encoding encoding);

class CodePanel {
 public:
  explicit CodePanel(SimdPath path) : path_(path) {}

  std::uint32_t lanes = 0;
  std::size_t stride = 0;  ///< of codes and values: lanes, rounded up as load() was told
  std::uint64_t length = 0;
  std::vector<std::uint8_t> codes;      ///< [step][stride]
  std::vector<std::int32_t> values;     ///< [step][stride], zero behind the lanes
  std::vector<std::uint16_t> non_zero;  ///< [step]: codes whose value is not zero

  /// Steps are k, lanes are lines. Does nothing when it holds this already.
  void load_by_k(const OperandCodes& operand, const CodeTable& table, const Lines& lines, KRange k,
                 std::size_t padded_to);
  /// Steps are lines, lanes are k.
  void load_by_line(const OperandCodes& operand, const CodeTable& table, const Lines& lines, KRange k);

 private:
  void reshape(std::uint32_t lane_count, std::uint64_t steps, std::size_t padded_to);
  void decode(const CodeTable& table);
  SimdPath path_;
  std::optional<std::tuple<const OperandCodes*, Lines, KRange>> held_;
};

}  // namespace quatrain::rtl_models
