#pragma once
/// What stands on the two inputs of a PE.

#include "traces/encoding/codes.hpp"

#include <cstdint>
#include <optional>

namespace quatrain::rtl_models {

/// What stands on the two inputs, left (rows) first.
enum class PeMode : std::uint8_t { int4_int4, uint4_int4, fp4_int4, int4_fp4, uint4_fp4 };

/// The mode for two encodings; nullopt where no PE has one.
constexpr std::optional<PeMode> pe_mode(traces::Encoding left, traces::Encoding right) {
  using traces::Encoding;
  const auto beside = [right](PeMode int4, std::optional<PeMode> fp4) -> std::optional<PeMode> {
    switch (right) {
      case Encoding::int4:
        return int4;
      case Encoding::fp4_e3m0:
        return fp4;
      case Encoding::uint4:
      case Encoding::int32:
      case Encoding::fp32:
        return std::nullopt;
    }
    __builtin_unreachable();
  };
  switch (left) {
    case Encoding::int4:
      return beside(PeMode::int4_int4, PeMode::int4_fp4);
    case Encoding::uint4:
      return beside(PeMode::uint4_int4, PeMode::uint4_fp4);
    case Encoding::fp4_e3m0:
      return beside(PeMode::fp4_int4, std::nullopt);
    case Encoding::int32:
    case Encoding::fp32:
      return std::nullopt;
  }
  __builtin_unreachable();
}

constexpr traces::Encoding left_encoding(PeMode mode) {
  switch (mode) {
    case PeMode::int4_int4:
    case PeMode::int4_fp4:
      return traces::Encoding::int4;
    case PeMode::uint4_int4:
    case PeMode::uint4_fp4:
      return traces::Encoding::uint4;
    case PeMode::fp4_int4:
      return traces::Encoding::fp4_e3m0;
  }
  __builtin_unreachable();
}
constexpr traces::Encoding right_encoding(PeMode mode) {
  switch (mode) {
    case PeMode::int4_int4:
    case PeMode::uint4_int4:
    case PeMode::fp4_int4:
      return traces::Encoding::int4;
    case PeMode::int4_fp4:
    case PeMode::uint4_fp4:
      return traces::Encoding::fp4_e3m0;
  }
  __builtin_unreachable();
}

/// Bits of a code that are all 0 exactly when its value is zero: FP4's sign does not count.
constexpr unsigned code_zero_mask(traces::Encoding encoding) {
  return encoding == traces::Encoding::fp4_e3m0 ? 0x7 : 0xF;
}

/// The same for the operand that a kind of PE makes of a code.
using ZeroMask = unsigned (*)(traces::Encoding);

/// Calls body with the mode as a constant. `Kind` has the mode.
template <typename Kind, typename Body>
[[gnu::always_inline]] constexpr decltype(auto) with_mode(PeMode mode, Body&& body) {
  switch (mode) {
    case PeMode::int4_int4:
      if constexpr (Kind::has(PeMode::int4_int4)) return body.template operator()<PeMode::int4_int4>();
      break;
    case PeMode::uint4_int4:
      if constexpr (Kind::has(PeMode::uint4_int4)) return body.template operator()<PeMode::uint4_int4>();
      break;
    case PeMode::fp4_int4:
      if constexpr (Kind::has(PeMode::fp4_int4)) return body.template operator()<PeMode::fp4_int4>();
      break;
    case PeMode::int4_fp4:
      if constexpr (Kind::has(PeMode::int4_fp4)) return body.template operator()<PeMode::int4_fp4>();
      break;
    case PeMode::uint4_fp4:
      if constexpr (Kind::has(PeMode::uint4_fp4)) return body.template operator()<PeMode::uint4_fp4>();
      break;
  }
  __builtin_unreachable();
}

}  // namespace quatrain::rtl_models
