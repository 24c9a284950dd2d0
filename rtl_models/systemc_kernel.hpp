#pragma once
/// The SystemC kernel as this project uses it: one elaboration per process, many runs, errors as
/// base::Error, nothing printed.

#include "rtl_models/schedule/tile_schedule.hpp"

namespace quatrain::rtl_models {

/// Before a model is built: throws base::Error when the kernel has started.
void require_elaboration();
/// The same for an array, and when its shape is out of range.
void check_elaboration(ArrayShape shape);

/// Runs the kernel until a process pauses it. Throws base::Error for what SystemC reports.
void run_kernel();

}  // namespace quatrain::rtl_models
