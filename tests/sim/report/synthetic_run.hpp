#pragma once
/// A run directory and a demo's directory with figures chosen by the test: every figure is another number, so
/// that one in the wrong place is seen. The trace is tests/data/outside_trace.

#include <filesystem>
#include <string>

namespace quatrain::tests {

/// config.json, metrics.csv (two epochs) and steps.csv (three steps). recipe: "fp32", "luq", "nearest"; the
/// last epoch's accuracy is `accuracy` and its state hash 64 times `digit`.
void write_training_run(const std::filesystem::path& directory, const std::string& recipe,
                        const std::string& accuracy, char digit);

/// Adds trace/, crosscheck.json and simulation/{luq_32x32,bf16_32x32}.json.
void write_trace_results(const std::filesystem::path& run);

/// All three runs, the results of luq/, and stages.json.
void write_demo(const std::filesystem::path& directory);

/// Replaces one occurrence; fails the test when there is none.
void replace_in_file(const std::filesystem::path& file, const std::string& what, const std::string& with);

}  // namespace quatrain::tests
