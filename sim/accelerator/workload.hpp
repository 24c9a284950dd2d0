#pragma once
/// The training GEMMs of a trace on an array, with the quantizers that have to run before each.

#include "sim/accelerator/mapping.hpp"
#include "sim/accelerator/pe/pe_kind.hpp"
#include "traces/format/record.hpp"

#include <cstdint>
#include <vector>

namespace quatrain::sim {

/// One quantizer record as work: a pass over all elements of a tensor.
struct QuantizerWork {
  traces::Rule rule = traces::Rule::sawb_int4;
  std::uint64_t elements = 0;
  unsigned random_bits = 0;                    ///< luq_fp4
  traces::Alpha alpha = traces::Alpha::exact;  ///< luq_fp4, nearest_fp4
  bool measures_maximum = true;   ///< the further samples of a gradient use the first one's maximum
  bool maximum_is_known = false;  ///< hindsight: codes can be made while the maximum is measured
  const traces::QuantizerRecord* record = nullptr;  ///< in the manifest

  /// Passes over the fp32 tensor: statistics, then codes.
  unsigned passes() const { return measures_maximum && !maximum_is_known ? 2 : 1; }
};

/// Pointers into the manifest.
struct TrainingGemm {
  const traces::GemmRecord* record = nullptr;
  const traces::LayerRecord* layer = nullptr;
  traces::Gemm gemm;
  Mapping mapping;
  std::vector<QuantizerWork> quantizers;  ///< those that no GEMM before this one has used
};

/// Mapped to an array, in the order of computation; evaluation is left out, and so is what `pe` cannot
/// multiply. `manifest` must outlive the result.
std::vector<TrainingGemm> training_gemms(const traces::Manifest& manifest, rtl_models::ArrayShape array,
                                         const PeKind& pe = *pe_kinds().front());

/// "layer conv2, step 0, forward": names a record in messages.
std::string place_of(const TrainingGemm& work);

}  // namespace quatrain::sim
