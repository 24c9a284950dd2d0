#pragma once
/// The gradient figures of a study, counted again from a trace by other code: records from manifest.json as
/// text, codes by the exact oracle, weight gradients summed in another order and in long double
/// (docs/guides/gradients.md).

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
  double gain = 0, relative_error = 0, dead_share = 0;
  std::optional<double> gain_error, relative_error_error,
      dead_share_error;  ///< of the means; none for one trial
  /// From LUQ's probabilities; nothing for nearest.
  std::optional<double> expected_gain, expected_error, error_floor, expected_dead_share;
};

struct RecountedRecord {
  std::string layer, alpha, maximum;
  std::int64_t step = 0, batch = 0;
  unsigned random_bits = 16;
  std::vector<RecountedEffect> effects;  ///< none where dW is all zero
};

struct RecountPlan {
  std::vector<unsigned> samples;
  unsigned trials = 1;
  std::int64_t most_images = INT64_MAX;  ///< that are compared of each batch
};

/// Layers by their ids, steps by number; LUQ with the record's own bits, then nearest.
std::vector<RecountedRecord> recount_gradients(const std::filesystem::path& trace, const RecountPlan& plan);

/// How often each value (-64 .. 64, units of alpha) stands in the gradient codes of each layer.
std::map<std::string, std::map<int, std::uint64_t>> recount_gradient_codes(
    const std::filesystem::path& trace);

}  // namespace quatrain::tests
