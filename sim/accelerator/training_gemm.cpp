#include "sim/accelerator/training_gemm.hpp"

#include "sim/accelerator/transposer.hpp"
#include "sim/workload/trace_workload.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace quatrain::sim {
namespace {

using Quantizers = std::vector<QuantizerWork>;

/// The samples behind the first one of each gradient, by the first one's number.
using FurtherSamples = std::map<std::uint64_t, std::vector<const QuantizerWork*>>;

/// They follow the first one in the list of the GEMM that uses them.
void collect(const Quantizers& quantizers, FurtherSamples& further) {
  std::uint64_t first = 0;
  for (const QuantizerWork& work : quantizers) {
    if (work.measures_maximum)
      first = work.tensor;
    else if (auto& of = further[first];
             std::ranges::find(of, work.tensor, &QuantizerWork::tensor) == of.end())
      of.push_back(&work);
  }
}

/// In which layouts products take a tensor.
struct Layouts {
  bool written = false, transposed = false;
  bool both() const { return written && transposed; }
};
using LayoutsOfTensors = std::map<std::uint64_t, Layouts>;

/// The first of a GEMM's quantizers is the left operand's.
void collect(const WorkloadGemm& gemm, const rtl_models::Dataflow& dataflow, LayoutsOfTensors& layouts) {
  const Transposed transposed = transposed_operands(gemm.gemm.phase, dataflow);
  for (std::size_t i = 0; i < gemm.quantizers.size(); ++i) {
    Layouts& of = layouts[gemm.quantizers[i].tensor];
    ((i == 0 ? transposed.left : transposed.right) ? of.transposed : of.written) = true;
  }
}

/// Every sample is made with the first one.
void join_samples(Quantizers& quantizers, const FurtherSamples& further, std::set<std::uint64_t>& done) {
  for (QuantizerWork& work : quantizers) {
    const auto found = further.find(work.tensor);
    if (found == further.end()) continue;
    for (const QuantizerWork* const sample : found->second) {
      ++work.samples;
      if (sample->record != nullptr) work.further.push_back(sample->record);
      done.insert(sample->tensor);
    }
  }
}

std::vector<TrainingGemm> mapped(const std::vector<WorkloadGemm>& gemms, const AcceleratorConfig& design) {
  std::vector<TrainingGemm> all;
  for (const WorkloadGemm& gemm : gemms)
    if (design.pe->multiplies(gemm.left, gemm.right))
      all.push_back({gemm, {gemm.size(), gemm.samples, design.array}});
  FurtherSamples further;
  LayoutsOfTensors layouts;
  for (const WorkloadGemm& gemm : gemms) {
    if (!design.pe->multiplies(gemm.left, gemm.right)) continue;
    if (design.quantizer_design().sample_groups) collect(gemm.quantizers, further);
    if (design.transposer_side == 0U) collect(gemm, design.dataflow, layouts);
  }
  std::set<std::uint64_t> done;
  for (TrainingGemm& work : all) {
    std::erase_if(work.quantizers,
                  [&](const QuantizerWork& quantizer) { return !done.insert(quantizer.tensor).second; });
    join_samples(work.quantizers, further, done);
    for (QuantizerWork& quantizer : work.quantizers)
      quantizer.second_copies =
          layouts.contains(quantizer.tensor) && layouts.at(quantizer.tensor).both() ? 1 : 0;
  }
  return all;
}

}  // namespace

std::vector<TrainingGemm> mapped_to(const AcceleratorConfig& design, const Workload& workload) {
  std::vector<TrainingGemm> work = mapped(workload.gemms, design);
  if (work.empty())
    throw base::Error("{}: found no {} that the pe '{}' can multiply; expected at least one",
                      workload.source.place, workload.source.is_trace() ? "training GEMM" : "product",
                      design.pe->name);
  return work;
}

std::vector<TrainingGemm> training_gemms(const traces::Manifest& manifest, rtl_models::ArrayShape array,
                                         const PeKind& pe) {
  AcceleratorConfig design;
  design.array = array;
  design.pe = &pe;
  return mapped(training_gemms_of(manifest), design);
}

}  // namespace quatrain::sim
