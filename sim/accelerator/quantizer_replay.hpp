#pragma once
/// The quantizers of a trace through the SystemC quantizer: codes, scale and what was measured must be those
/// of the record, and the cycles those of the closed form.

#include "rtl_models/quantizer_model.hpp"
#include "sim/accelerator/quantizer_design.hpp"
#include "sim/workload/workload.hpp"
#include "traces/format/reader.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quatrain::sim {

/// What all of them gave.
struct QuantizerFindings {
  std::uint64_t quantizers = 0, quantizers_equal = 0;  ///< with a source in the trace
  bool cycles_equal = true;
  std::vector<std::string> differences;  ///< one line each, naming record and element

  bool equal() const { return quantizers_equal == quantizers && cycles_equal && differences.empty(); }
};

class QuantizerCheck {
 public:
  /// `reader` and `model`, which is that of `design`, must outlive it.
  QuantizerCheck(const traces::TraceReader& reader, rtl_models::QuantizerModel& model,
                 const QuantizerDesign& design)
      : reader_(reader), model_(model), design_(design) {}

  /// Records without a source are left out. A further sample takes the maximum of its record as a given one.
  void replay(const QuantizerWork& work);
  const QuantizerFindings& findings() const { return findings_; }

 private:
  void compare(const traces::QuantizerResult& found, const traces::QuantizerRecord& record,
               const std::vector<std::uint8_t>& codes);

  const traces::TraceReader& reader_;
  rtl_models::QuantizerModel& model_;
  QuantizerDesign design_;
  QuantizerFindings findings_;
};

}  // namespace quatrain::sim
