#pragma once
/// The SystemC kernel as this project uses it: one elaboration a process, many runs, errors as traces::Error,
/// nothing printed.

#include "rtl_models/replay.hpp"

namespace quatrain::rtl_models {

/// Before a model is built: throws traces::Error when the shape is out of range or the kernel has started.
void check_elaboration(ArrayShape shape);

/// Runs the kernel until a process pauses it. Throws traces::Error for what SystemC reports.
void run_kernel();

/// Mistakes of the caller: asserts that operands, schedule and array fit each other.
void check_job(const traces::Gemm& gemm, const traces::Operand& left, std::span<const traces::Operand> right,
               const TileSchedule& schedule, ArrayShape shape);

}  // namespace quatrain::rtl_models
