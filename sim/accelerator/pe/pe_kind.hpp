#pragma once
/// Kinds of processing elements, as data: what the simulator has to know of one. A kind is an entry in a file
/// of this folder and a line in kinds.cpp; nothing else asks which kind it is (docs/guides/pe.md).

#include "rtl_models/pe/pe_model.hpp"
#include "sim/accelerator/technology_row.hpp"
#include "traces/encoding/float_formats.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace quatrain::sim {

/// How tensors stand in DRAM.
enum class TensorForm : std::uint8_t {
  fp32,     ///< the quantizers of the trace make operands of them, results are scaled and leave as fp32
  operands  ///< as the PE takes them: nothing is quantized or scaled, results leave in that form
};

struct PeKind {
  std::string_view name;                   ///< word of the config key `pe`
  unsigned operand_bits = 4;               ///< of one operand in DRAM, buffers and registers
  std::string_view accumulator = "int";    ///< "int" or "float"; 32 bits
  std::span<const TechnologyRow> per_mac;  ///< what one multiply-accumulate costs, registers apart
  unsigned gates = 0;  ///< NAND2 equivalents of its combinational logic: leakage, area, length of wires
  TensorForm tensors = TensorForm::fp32;
  const rtl_models::PeModel& (*model)() = nullptr;  ///< computes its results bit for bit
  /// Of its operands, where they are floating-point numbers: what it computes is replayed from the fp32
  /// tensors of a trace.
  std::optional<traces::FloatFormat> floats = {};
  std::span<const std::string_view> limits = {};  ///< what its figures do not contain, one sentence each

  /// Whether it can compute such a product. A kind without a model takes tensors in a form of its own.
  bool multiplies(traces::Encoding left, traces::Encoding right) const {
    if (model == nullptr) return true;
    const auto mode = rtl_models::pe_mode(left, right);
    return mode && model().has(*mode);
  }

  /// Of a result as it leaves.
  unsigned result_bytes() const {
    switch (tensors) {
      case TensorForm::fp32:
        return 4;
      case TensorForm::operands:
        return (operand_bits + 7) / 8;
    }
    __builtin_unreachable();
  }
};

/// Kinds that the program was built with beside its own (docs/guides/pe.md).
std::span<const PeKind* const> pe_kinds_from_outside();

/// Those that the program knows, the default first. Throws Error for two of one name.
std::span<const PeKind* const> pe_kinds();
/// One of them by its name; asserts that it is there.
const PeKind& pe_kind(std::string_view name);

}  // namespace quatrain::sim
