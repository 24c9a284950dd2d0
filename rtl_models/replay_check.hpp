#pragma once
/// What every array model asks of a replay before it begins.

#include "rtl_models/array_model.hpp"

namespace quatrain::rtl_models {

/// Why the kind of PE cannot multiply these.
traces::Refusal mode_missing(const PeModel& pe, traces::Encoding left, traces::Encoding right);

/// Throws base::Error for operands that do not fit the GEMM; asserts, for that is a mistake of the caller,
/// that schedule and array do.
void check_replay(const traces::Gemm& gemm, const traces::Operand& left,
                  std::span<const traces::Operand> right, const TileSchedule& schedule, ArrayShape shape,
                  const Dataflow& dataflow);

}  // namespace quatrain::rtl_models
