#pragma once
/// Our words in those of quatrain/kernel_abi.h. The two lists of enumerators share no number.

#include "traces/machine.hpp"

#include <cstdint>
#include <quatrain/kernel_abi.h>

namespace quatrain::sim::external {

constexpr std::int32_t abi_of(traces::Phase phase) {
  switch (phase) {
    case traces::Phase::forward:
      return QT_PHASE_FORWARD;
    case traces::Phase::backward_data:
      return QT_PHASE_BACKWARD_DATA;
    case traces::Phase::backward_weight:
      return QT_PHASE_BACKWARD_WEIGHT;
  }
  return 0;
}

/// 0 for an encoding without 4-bit codes.
constexpr std::int32_t abi_of(traces::Encoding encoding) {
  switch (encoding) {
    case traces::Encoding::fp32:
    case traces::Encoding::int32:
      return 0;
    case traces::Encoding::int4:
      return QT_INT4;
    case traces::Encoding::uint4:
      return QT_UINT4;
    case traces::Encoding::fp4_e3m0:
      return QT_FP4_E3M0;
  }
  return 0;
}

constexpr std::int32_t abi_of(traces::Rule rule) {
  switch (rule) {
    case traces::Rule::sawb_int4:
      return QT_RULE_SAWB_INT4;
    case traces::Rule::sawb_uint4:
      return QT_RULE_SAWB_UINT4;
    case traces::Rule::luq_fp4:
      return QT_RULE_LUQ_FP4;
    case traces::Rule::nearest_fp4:
      return QT_RULE_NEAREST_FP4;
  }
  return 0;
}

constexpr std::int32_t abi_of(traces::Alpha alpha) {
  switch (alpha) {
    case traces::Alpha::exact:
      return QT_ALPHA_EXACT;
    case traces::Alpha::pow2:
      return QT_ALPHA_POW2;
  }
  return 0;
}

constexpr qt_geometry abi_of(const traces::Geometry& g) {
  return {.batch = g.batch,
          .in_channels = g.in_channels,
          .height = g.height,
          .width = g.width,
          .out_channels = g.out_channels,
          .out_height = g.out_height,
          .out_width = g.out_width,
          .kernel_height = g.kernel_height,
          .kernel_width = g.kernel_width,
          .stride_height = g.stride_height,
          .stride_width = g.stride_width,
          .padding_height = g.padding_height,
          .padding_width = g.padding_width,
          .groups = g.groups};
}

}  // namespace quatrain::sim::external
