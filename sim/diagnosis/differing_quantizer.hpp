#pragma once
/// A quantizer record whose codes or scale are not the recorded ones, laid open for hypotheses.

#include "traces/machine.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim::diagnosis {

struct DifferingQuantizer {
  std::string name;
  traces::QuantizerTask task;         ///< its source lives as long as this
  traces::QuantizerFacts facts = {};  ///< as recorded
  float scale = 0, got_scale = 0;
  std::vector<std::uint8_t> expected, got;  ///< codes, one per byte
  /// The factor from elements to steps of the tensor that the machine quantized before; absent where it had
  /// none.
  std::optional<float> inverse_before;
  /// Codes that a second run of the machine gives otherwise; absent when it was not run again.
  std::optional<std::uint64_t> unsteady;
};

/// One mistake with its numbers filled in (compare hypothesis.hpp).
struct QuantizerClaim {
  std::string cause, statement;
  /// The scale under this mistake.
  std::function<float(const DifferingQuantizer&)> scale;
  /// The code of an element under this mistake; nothing where the mistake leaves it open.
  std::function<std::optional<std::uint8_t>(const DifferingQuantizer&, std::int64_t element)> predict;
};

/// All of them, the most special first.
const std::vector<QuantizerClaim>& quantizer_claims();

}  // namespace quatrain::sim::diagnosis
