#pragma once
/// Quantizes one tensor in the SystemC quantizer: units for maximum, sums, scale, random bits, and lanes that
/// make codes (docs/hardware-model.md, "Quantizers").

#include "traces/machine.hpp"

#include <cstdint>
#include <memory>

namespace quatrain::rtl_models {

inline constexpr unsigned default_lanes = 32, most_lanes = 1024;

/// What one tensor gave.
struct QuantizerRun {
  traces::QuantizerResult result;
  std::uint64_t cycles = 0;  ///< from the first element on the lanes to the last code
};

/// One elaborated quantizer. SystemC elaborates once per process: make all models before the first of them,
/// or of the arrays, runs (a later one throws base::Error).
class QuantizerModel {
 public:
  virtual ~QuantizerModel() = default;
  virtual unsigned lanes() const = 0;
  /// Throws base::Error as traces::Machine::quantize says it.
  virtual QuantizerRun quantize(const traces::QuantizerTask& task) = 0;
};

/// `lanes` elements a cycle, 1 to most_lanes; throws base::Error otherwise.
std::unique_ptr<QuantizerModel> make_quantizer_model(unsigned lanes);

}  // namespace quatrain::rtl_models
