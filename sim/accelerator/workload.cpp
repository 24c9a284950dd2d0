#include "sim/accelerator/workload.hpp"

#include <fmt/format.h>

#include <set>
#include <string>

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
          &record};
}

}  // namespace

std::vector<TrainingGemm> training_gemms(const traces::Manifest& manifest, rtl_models::ArrayShape array,
                                         const PeKind& pe) {
  std::vector<TrainingGemm> all;
  std::set<std::string> done;
  for (const traces::GemmRecord& record : manifest.gemms) {
    if (record.pass != traces::Pass::train) continue;
    const auto encoding = [&](const std::vector<std::string>& side) {
      return traces::encoding_of(manifest.quantizer(side.front()).rule);
    };
    if (!pe.multiplies(encoding(record.left), encoding(record.right))) continue;
    TrainingGemm work{&record,
                      &manifest.layer(record.layer),
                      {record.phase, geometry_of(manifest, record)},
                      {record.size, record.samples, array},
                      {}};
    for (const auto& side : {record.left, record.right})
      for (const std::string& id : side)
        if (done.insert(id).second) work.quantizers.push_back(work_of(manifest, manifest.quantizer(id)));
    all.push_back(std::move(work));
  }
  return all;
}

std::string place_of(const TrainingGemm& work) {
  return fmt::format("layer {}, step {}, {}", work.layer->name, work.record->step,
                     name_of(work.record->phase));
}

}  // namespace quatrain::sim
