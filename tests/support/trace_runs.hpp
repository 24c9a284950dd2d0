#pragma once
/// A machine against every record of a trace.

#include "traces/format/reader.hpp"

#include <cstdint>

namespace quatrain::tests {

struct TraceRun {
  int gemms = 0, quantizers = 0;
  std::int64_t non_zero = 0;  ///< accumulators and codes that are not zero
};

/// Expects every quantizer whose source is there and whose rule is not refused, and every GEMM, to give the
/// record's bits; stored tensors are compared element by element, the others by their checksum.
TraceRun expect_trace(traces::Machine& machine, const traces::TraceReader& trace);

}  // namespace quatrain::tests
