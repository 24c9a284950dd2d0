#pragma once
/// The gradient figures of a report, counted again from a trace by other code: records from manifest.json as
/// text, codes by the exact oracle, weight gradients summed in another order and in long double
/// (docs/report.md).

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::tests {

struct RecountedEffect {
  std::string rule;
  unsigned samples = 1, trials = 1;
  double dead_share = 0, gain = 0, relative_error = 0;
  std::optional<double> gain_deviation;
};

struct RecountedRecord {
  std::string layer, alpha, maximum;
  std::int64_t step = 0, batch = 0;
  unsigned random_bits = 16;
  std::vector<RecountedEffect> effects;  ///< none where dW is all zero
};

/// Layers by their ids, steps by number. At most `most_images` of each batch are compared.
std::vector<RecountedRecord> recount_gradients(const std::filesystem::path& trace,
                                               std::int64_t most_images = INT64_MAX);

/// How often each value (-64 .. 64, units of alpha) stands in the gradient codes of each layer.
std::map<std::string, std::map<int, std::uint64_t>> recount_gradient_codes(
    const std::filesystem::path& trace);

}  // namespace quatrain::tests
