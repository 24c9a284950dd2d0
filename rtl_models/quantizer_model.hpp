#pragma once
/// Quantizes one tensor in the SystemC quantizer: units for maximum, sums, scale, random bits, and lanes that
/// make codes (docs/hardware-model.md, "Quantizers").

#include "traces/machine.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace quatrain::rtl_models {

inline constexpr unsigned default_lanes = 32, most_lanes = 1024, most_samples = 16;

/// Where the maximum of a tensor is measured.
enum class QuantizerPlacement : std::uint8_t {
  dram,  ///< in a pass of its own over the tensor in DRAM
  fused  ///< while the tensor is made: its maximum is there when the quantizer begins
};

/// What one tensor gave.
struct QuantizerRun {
  traces::QuantizerResult result;
  std::uint64_t cycles = 0;  ///< from the first element on the lanes to the last code; while a tensor is
                             ///< made no cycle counts
};

/// What the samples of one tensor gave.
struct SampledRun {
  std::vector<traces::QuantizerResult> samples;
  std::uint64_t cycles = 0;  ///< of all of them together
};

/// One elaborated quantizer. SystemC elaborates once per process: make all models before the first of them,
/// or of the arrays, runs (a later one throws base::Error).
class QuantizerModel {
 public:
  virtual ~QuantizerModel() = default;
  virtual unsigned lanes() const = 0;
  /// Throws base::Error as traces::Machine::quantize says it.
  virtual QuantizerRun quantize(const traces::QuantizerTask& task) = 0;
  /// Samples 0 to `samples` - 1 of a gradient, each element read once: the groups of lanes make one sample
  /// each, and an element stands on them until all are made. 1 to most_samples, of a rule that draws.
  virtual SampledRun quantize_samples(const traces::QuantizerTask& task, unsigned samples) = 0;
};

/// `lanes` elements a cycle, 1 to most_lanes, and so many groups of them for samples: 1, 2, 4, 8 or 16.
/// Throws base::Error otherwise.
std::unique_ptr<QuantizerModel> make_quantizer_model(unsigned lanes,
                                                     QuantizerPlacement placement = QuantizerPlacement::dram,
                                                     unsigned sample_groups = 1);

}  // namespace quatrain::rtl_models
