#include "sim/accelerator/training_gemm.hpp"

#include "sim/workload/trace_workload.hpp"
#include "traces/base/error.hpp"

#include <set>

namespace quatrain::sim {
namespace {

std::vector<TrainingGemm> mapped(const std::vector<WorkloadGemm>& gemms, rtl_models::ArrayShape array,
                                 const PeKind& pe) {
  std::vector<TrainingGemm> all;
  all.reserve(gemms.size());
  std::set<std::uint64_t> done;
  for (const WorkloadGemm& gemm : gemms) {
    if (!pe.multiplies(gemm.left, gemm.right)) continue;
    TrainingGemm& work = all.emplace_back(TrainingGemm{gemm, {gemm.size(), gemm.samples, array}});
    std::erase_if(work.quantizers,
                  [&](const QuantizerWork& quantizer) { return !done.insert(quantizer.tensor).second; });
  }
  return all;
}

}  // namespace

std::vector<TrainingGemm> mapped_to(const AcceleratorConfig& design, const Workload& workload) {
  std::vector<TrainingGemm> work = mapped(workload.gemms, design.array, *design.pe);
  if (work.empty())
    throw base::Error("{}: found no {} that the pe '{}' can multiply; expected at least one",
                      workload.source.place, workload.source.has_values() ? "training GEMM" : "product",
                      design.pe->name);
  return work;
}

std::vector<TrainingGemm> training_gemms(const traces::Manifest& manifest, rtl_models::ArrayShape array,
                                         const PeKind& pe) {
  return mapped(training_gemms_of(manifest), array, pe);
}

}  // namespace quatrain::sim
