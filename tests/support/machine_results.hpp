#pragma once
/// What a machine gave against what it should have given: equal bits, or the first place that differs.

#include "tests/support/sharp_gemms.hpp"
#include "tests/support/sharp_tensors.hpp"

#include <string>
#include <vector>

namespace quatrain::tests {

/// Nothing, or the first field, code, accumulator or output that differs, with both values.
std::string difference(const traces::QuantizerResult& found, const traces::QuantizerResult& expected);
std::string difference(const traces::GemmResult& found, const traces::GemmResult& expected);

traces::GemmResult multiply(traces::Machine& machine, const GemmCase& c);

/// "NAME: difference" of every case whose result is not the expected one.
std::vector<std::string> differences(traces::Machine& machine, const std::vector<SharpQuantizer>& cases);
std::vector<std::string> differences(traces::Machine& machine, const std::vector<SharpGemm>& cases);

}  // namespace quatrain::tests
