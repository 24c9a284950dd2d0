#include "sim/workload/trace_workload.hpp"

#include "traces/base/error.hpp"

#include <algorithm>

namespace quatrain::sim {
namespace {

QuantizerWork work_of(const traces::Manifest& manifest, const traces::QuantizerRecord& record) {
  const auto elements = traces::element_count(manifest.tensors.at(record.codes).shape);
  return {record.rule,
          static_cast<std::uint64_t>(elements),
          record.random_bits,
          record.alpha,
          record.sample == 0,
          record.maximum == traces::Maximum::hindsight,
          &record,
          static_cast<std::uint64_t>(&record - manifest.quantizers.data())};
}

}  // namespace

traces::Pass simulated_pass(const traces::Manifest& manifest) {
  const bool has_training = std::ranges::any_of(
      manifest.gemms, [](const traces::GemmRecord& record) { return record.pass == traces::Pass::train; });
  return has_training || manifest.gemms.empty() ? traces::Pass::train : traces::Pass::evaluation;
}

std::vector<WorkloadGemm> training_gemms_of(const traces::Manifest& manifest) {
  const traces::Pass pass = simulated_pass(manifest);
  std::vector<WorkloadGemm> all;
  for (const traces::GemmRecord& record : manifest.gemms) {
    if (record.pass != pass) continue;
    const auto encoding = [&](const std::vector<std::string>& side) {
      return traces::encoding_of(manifest.quantizer(side.front()).rule);
    };
    WorkloadGemm work{.layer = manifest.layer(record.layer).name,
                      .step = record.step,
                      .gemm = {record.phase, geometry_of(manifest, record), record.accumulator},
                      .samples = record.samples,
                      .left = encoding(record.left),
                      .right = encoding(record.right),
                      .quantizers = {},
                      .record = &record};
    for (const auto& side : {record.left, record.right})
      for (const std::string& id : side) work.quantizers.push_back(work_of(manifest, manifest.quantizer(id)));
    all.push_back(std::move(work));
  }
  return all;
}

Workload trace_workload(const traces::TraceReader& reader) {
  Workload workload{{.kind = WorkloadKind::trace,
                     .name = reader.manifest().run.model,
                     .place = reader.directory().string(),
                     .sha256 = reader.manifest_sha256(),
                     .phases = simulated_pass(reader.manifest()) == traces::Pass::train ? Phases::training
                                                                                        : Phases::forward,
                     .notes = {}},
                    training_gemms_of(reader.manifest())};
  if (workload.gemms.empty())
    throw base::Error("{}: found no GEMM; expected at least one", reader.directory().string());
  return workload;
}

}  // namespace quatrain::sim
