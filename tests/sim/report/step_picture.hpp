#pragma once
/// The picture of a training step, held against the operations of a step.json: every bar is recounted.

#include "tests/sim/report/page_reader.hpp"

#include <cstdint>
#include <string>

namespace quatrain::tests {

/// `step`: a result of `quatrain step`. Fails the test where lanes, bars, colours, sums or titles are not
/// what its operations say. `joined`: gets the number of operations that stand in bars with others.
void expect_step_picture(const ShownTimeline& shown, const nlohmann::json& step, std::size_t& joined);

/// The row of a design.
void expect_step_table(const ShownTable& table, const std::string& label, const nlohmann::json& step);

/// Cycles by what the array waits for, of the same operations.
std::map<std::string, std::uint64_t> array_waits(const nlohmann::json& step);

}  // namespace quatrain::tests
