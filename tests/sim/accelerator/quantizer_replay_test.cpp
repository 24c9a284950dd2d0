#include "sim/accelerator/quantizer_replay.hpp"

#include "sim/accelerator/training_gemm.hpp"
#include "sim/workload/trace_workload.hpp"
#include "tests/support/edited_trace.hpp"
#include "tests/support/folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planted/rtl_models/planted.hpp"
#include "planted/rtl_models/quantizer_model.hpp"
#include <functional>
#include <set>

namespace quatrain::tests {
namespace {

using rtl_models::QuantizerModel;
using rtl_models::QuantizerRun;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

sim::QuantizerFindings replayed(const traces::TraceReader& reader, QuantizerModel& model,
                                sim::QuantizerDesign design = {}) {
  design.lanes = model.lanes();
  sim::AcceleratorConfig config;
  config.quantizers = design;
  config.array = {8, 8};
  sim::QuantizerCheck check(reader, model, design);
  for (const sim::TrainingGemm& gemm : sim::mapped_to(config, sim::trace_workload(reader)))
    for (const sim::QuantizerWork& work : gemm.quantizers) check.replay(work);
  return check.findings();
}

/// The tensors of training GEMMs, each once.
std::size_t training_quantizers(const traces::Manifest& manifest) {
  std::set<std::string> ids;
  for (const traces::GemmRecord& gemm : manifest.gemms)
    if (gemm.pass == traces::Pass::train)
      for (const auto* side : {&gemm.left, &gemm.right}) ids.insert(side->begin(), side->end());
  return ids.size();
}

TEST(QuantizerReplay, OutsideTraceInTheCyclesOfTheClosedForm) {
  const traces::TraceReader reader(outside_trace);
  const auto narrow = rtl_models::make_quantizer_model(3), wide = rtl_models::make_quantizer_model(32);
  for (QuantizerModel* const model : {narrow.get(), wide.get()}) {
    const sim::QuantizerFindings found = replayed(reader, *model);
    EXPECT_THAT(found.differences, IsEmpty());
    EXPECT_TRUE(found.cycles_equal);
    EXPECT_EQ(found.quantizers, training_quantizers(reader.manifest()));
    EXPECT_EQ(found.quantizers_equal, found.quantizers);
    EXPECT_TRUE(found.equal());
  }
}

/// Every record is there, whether its codes are made by themselves or together with other samples.
TEST(QuantizerReplay, EveryDesignGivesTheRecords) {
  const traces::TraceReader reader(outside_trace);
  std::vector<std::pair<sim::QuantizerDesign, std::unique_ptr<QuantizerModel>>> designs;
  for (const auto placement : {sim::QuantizerPlacement::dram, sim::QuantizerPlacement::fused})
    for (const std::optional<unsigned> groups : {std::optional<unsigned>{}, {1}, {2}, {16}}) {
      const sim::QuantizerDesign design{5, placement, groups};
      designs.emplace_back(design, rtl_models::make_quantizer_model(5, placement, design.groups()));
    }
  for (const auto& [design, model] : designs) {
    const sim::QuantizerFindings found = replayed(reader, *model, design);
    EXPECT_THAT(found.differences, IsEmpty());
    EXPECT_TRUE(found.equal());
    EXPECT_EQ(found.quantizers, training_quantizers(reader.manifest()));
  }
  for (auto& [design, model] : designs) {  // a model of another placement than the design says
    sim::QuantizerDesign other = design;
    other.placement = design.placement == sim::QuantizerPlacement::dram ? sim::QuantizerPlacement::fused
                                                                        : sim::QuantizerPlacement::dram;
    EXPECT_FALSE(replayed(reader, *model, other).cycles_equal);
  }
}

TEST(QuantizerReplay, ARecordWithoutItsSourceIsLeftOut) {
  const Folder folder;
  EditedTrace edited(outside_trace);
  const std::string source = edited.quantizer("0/train/conv_a/weight").source.value();
  edited.manifest.tensors.erase(source);
  edited.fp32.erase(source);
  for (traces::QuantizerRecord& record : edited.manifest.quantizers)  // the evaluation has the same weights
    if (record.source == source) record.source.reset();
  edited.write(folder / "trace");
  const traces::TraceReader reader(folder / "trace");
  const auto model = rtl_models::make_quantizer_model(32);
  const sim::QuantizerFindings found = replayed(reader, *model);
  EXPECT_TRUE(found.equal());
  EXPECT_EQ(found.quantizers, training_quantizers(reader.manifest()) - 1);
}

/// A model whose runs are changed on their way out.
class Meddling final : public QuantizerModel {
 public:
  using Change = std::function<void(std::uint64_t run, QuantizerRun& result)>;
  Meddling(std::unique_ptr<QuantizerModel> model, Change change)
      : model_(std::move(model)), change_(std::move(change)) {}
  unsigned lanes() const override { return model_->lanes(); }
  QuantizerRun quantize(const traces::QuantizerTask& task) override {
    QuantizerRun result = model_->quantize(task);
    change_(runs_++, result);
    return result;
  }
  rtl_models::SampledRun quantize_samples(const traces::QuantizerTask& task, unsigned samples) override {
    EXPECT_EQ(samples, 1U);
    QuantizerRun result = quantize(task);
    return {{std::move(result.result)}, result.cycles};
  }

 private:
  std::unique_ptr<QuantizerModel> model_;
  Change change_;
  std::uint64_t runs_ = 0;
};

TEST(QuantizerReplayPlantedFault, EachDifferenceIsNamed) {
  const traces::TraceReader reader(outside_trace);
  Meddling model(rtl_models::make_quantizer_model(32), [](std::uint64_t run, QuantizerRun& result) {
    if (run == 0) result.cycles += 1;
    if (run == 1) result.result.codes.at(2) ^= 0x10;
    if (run == 2) result.result.scale *= 2;
    if (run == 3) result.result.max *= 2;
    if (run == 4) std::get<traces::SawbFacts>(result.result.facts).sum2 += 1;
  });
  const sim::QuantizerFindings found = replayed(reader, model);
  EXPECT_FALSE(found.equal());
  EXPECT_FALSE(found.cycles_equal);
  EXPECT_EQ(found.quantizers_equal, found.quantizers - 4);
  EXPECT_THAT(
      found.differences,
      ElementsAre(testing::MatchesRegex("0/train/.*: [0-9]+ cycles simulated; the closed form gives [0-9]+"),
                  testing::MatchesRegex("0/train/.*: code 5 is .; the record has ."),
                  testing::MatchesRegex("0/train/.*: the scale is .*; the record has .*"),
                  testing::MatchesRegex("0/train/.*: the maximum is .*; the record has .*"),
                  testing::MatchesRegex("0/train/.*: sums or clip are not those of the record")));
}

/// A real fault inside the lanes.
class PlantedQuantizer final : public QuantizerModel {
 public:
  explicit PlantedQuantizer(planted::rtl_models::Fault fault)
      : fault_(fault), model_(planted::rtl_models::make_quantizer_model(32)) {}
  unsigned lanes() const override { return model_->lanes(); }
  QuantizerRun quantize(const traces::QuantizerTask& task) override {
    planted::rtl_models::planted = fault_;
    planted::rtl_models::QuantizerRun run = model_->quantize(task);
    planted::rtl_models::planted = planted::rtl_models::Fault::none;
    return {std::move(run.result), run.cycles};
  }
  rtl_models::SampledRun quantize_samples(const traces::QuantizerTask& task, unsigned samples) override {
    planted::rtl_models::planted = fault_;
    planted::rtl_models::SampledRun run = model_->quantize_samples(task, samples);
    planted::rtl_models::planted = planted::rtl_models::Fault::none;
    return {std::move(run.samples), run.cycles};
  }

 private:
  planted::rtl_models::Fault fault_;
  std::unique_ptr<planted::rtl_models::QuantizerModel> model_;
};

TEST(QuantizerReplayPlantedFault, ALateDrawIsFound) {
  const traces::TraceReader reader(outside_trace);
  PlantedQuantizer model(planted::rtl_models::Fault::late_draws);
  const sim::QuantizerFindings found = replayed(reader, model);
  EXPECT_FALSE(found.equal());
  EXPECT_TRUE(found.cycles_equal);
  EXPECT_LT(found.quantizers_equal, found.quantizers);
  EXPECT_GT(found.quantizers_equal, 0U);
}

}  // namespace
}  // namespace quatrain::tests
