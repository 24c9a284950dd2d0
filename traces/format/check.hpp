#pragma once
/// `quatrain trace check`: everything that trace-format.md lists, in its order. Recomputes no quantizer and
/// no product.

#include "traces/base/progress.hpp"
#include "traces/format/reader.hpp"

#include <filesystem>

namespace quatrain::traces {

/// Returns the trace that was checked. Throws Error at the first failure, with file, entry and byte where one
/// is known.
TraceReader check_trace(const std::filesystem::path& directory, base::Progress& progress);

}  // namespace quatrain::traces
