/// The quantizer as a whole: its cycles are those of the formula in docs/hardware-model.md, typed here, and
/// its bits do not depend on the number of lanes.
#include "rtl_models/quantizer_model.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/machine_results.hpp"
#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <random>

namespace quatrain::tests {
namespace {

using rtl_models::QuantizerModel;
using traces::Alpha;
using traces::Rule;

/// W words of at most L elements.
std::uint64_t cycles_by_text(Rule rule, bool has_maximum, std::uint64_t elements, std::uint64_t lanes) {
  const std::uint64_t w = elements / lanes + (elements % lanes == 0 ? 0 : 1);
  switch (rule) {
    case Rule::sawb_int4:
    case Rule::sawb_uint4:
      return 3 * w + 395;
    case Rule::luq_fp4:
    case Rule::nearest_fp4:
      return has_maximum ? w + 30 : 2 * w + 31;
  }
  return 0;
}

std::vector<float> random_source(std::size_t elements, Rule rule, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> source(elements);
  for (float& x : source) x = rule == Rule::sawb_uint4 ? std::fabs(normal(random)) : normal(random);
  return source;
}

traces::QuantizerTask task_with(Rule rule, const std::vector<float>& source) {
  traces::QuantizerTask task;
  task.rule = rule;
  task.source = source;
  task.draws = {5, 6, 7, 8};
  return task;
}

std::vector<std::unique_ptr<QuantizerModel>> models_of(std::initializer_list<unsigned> lanes) {
  std::vector<std::unique_ptr<QuantizerModel>> models;
  for (const unsigned count : lanes) models.push_back(rtl_models::make_quantizer_model(count));
  return models;
}

void expect_oracle_and_cycles(QuantizerModel& model, const traces::QuantizerTask& task) {
  const auto run = model.quantize(task);
  SCOPED_TRACE(testing::Message() << name_of(task.rule) << ", " << task.source.size() << " elements, "
                                  << model.lanes() << " lanes, " << task.random_bits << " random bits");
  EXPECT_EQ(difference(run.result, exact::quantize(task)), "");
  EXPECT_EQ(run.cycles,
            cycles_by_text(task.rule, task.maximum.has_value(), task.source.size(), model.lanes()));
}

/// Lanes and draws that fill blocks evenly, and lanes whose words lie across the blocks of draws.
TEST(QuantizerModel, CyclesAndBitsForEveryNumberOfLanes) {
  const auto models = models_of({1, 2, 3, 5, 8, 12, 31, 32, 33, 64, 100, 1024});
  for (const auto& model : models)
    for (const std::size_t elements :
         {std::size_t{1}, std::size_t{2}, std::size_t{model->lanes()}, std::size_t{model->lanes()} + 1,
          3 * std::size_t{model->lanes()} - 1, std::size_t{200}}) {
      for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4, Rule::nearest_fp4, Rule::luq_fp4}) {
        const auto source = random_source(elements, rule, model->lanes());
        traces::QuantizerTask task = task_with(rule, source);
        expect_oracle_and_cycles(*model, task);
        if (rule != Rule::luq_fp4) continue;
        task.random_bits = 8;
        task.alpha = Alpha::pow2;
        expect_oracle_and_cycles(*model, task);
        task.random_bits = 4;
        task.maximum = 0.7F;
        expect_oracle_and_cycles(*model, task);
        task.random_bits = 16;
        expect_oracle_and_cycles(*model, task);
      }
    }
}

/// Every element stands on the lanes until all its samples are made: samples / groups cycles, rounded up.
/// The samples are those of a machine that makes one at a time.
TEST(QuantizerSamples, CyclesAndBitsForEveryNumberOfGroups) {
  std::vector<std::pair<unsigned, std::unique_ptr<QuantizerModel>>> models;
  for (const unsigned lanes : {3U, 24U})
    for (const unsigned groups : {1U, 2U, 16U})
      models.emplace_back(
          groups, rtl_models::make_quantizer_model(lanes, rtl_models::QuantizerPlacement::dram, groups));
  for (const auto& [groups, model] : models)
    for (const std::size_t elements : {std::size_t{1}, std::size_t{150}}) {
      const auto source = random_source(elements, Rule::luq_fp4, groups);
      const std::uint64_t words = (elements + model->lanes() - 1) / model->lanes();
      traces::QuantizerTask task = task_with(Rule::luq_fp4, source);
      task.draws.sample = 0;
      for (const unsigned samples : {1U, 2U, 3U, 8U, 13U, 16U})
        for (const unsigned bits : {4U, 8U, 16U})
          for (const bool is_given : {false, true}) {
            task.random_bits = bits;
            task.maximum = is_given ? std::optional(1.5F) : std::nullopt;
            SCOPED_TRACE(testing::Message()
                         << model->lanes() << " lanes, " << groups << " groups, " << samples << " samples of "
                         << elements << " elements, " << bits << " bits");
            const rtl_models::SampledRun run = model->quantize_samples(task, samples);
            const std::uint64_t rounds = (samples + groups - 1) / groups;
            ASSERT_EQ(run.cycles, (is_given ? 30 : words + 31) + rounds * words);
            ASSERT_EQ(run.samples.size(), samples);
            traces::QuantizerTask one = task;
            for (one.draws.sample = 0; one.draws.sample < samples; ++one.draws.sample)
              ASSERT_EQ(difference(run.samples[one.draws.sample], exact::quantize(one)), "")
                  << "sample " << one.draws.sample;
          }
    }
}

TEST(QuantizerSamples, RefusalsNameWhatIsWrong) {
  const auto models = models_of({8});
  const std::vector<float> source{0, 1, -2};
  EXPECT_EQ(message_of([&] { models[0]->quantize_samples(task_with(Rule::luq_fp4, source), 17); }),
            "17 samples of luq_fp4: expected 1 to 16 of a rule that draws");
  EXPECT_EQ(message_of([&] { models[0]->quantize_samples(task_with(Rule::sawb_int4, source), 2); }),
            "2 samples of sawb_int4: expected 1 to 16 of a rule that draws");
  EXPECT_EQ(message_of([] { rtl_models::make_quantizer_model(8, rtl_models::QuantizerPlacement::dram, 6); }),
            "a quantizer of 6 groups of lanes: expected 1, 2, 4, 8 or 16");
}

/// The maximum has been measured when the quantizer begins. Bits stay.
TEST(FusedQuantizer, LacksThePassOfTheMaximum) {
  std::vector<std::unique_ptr<QuantizerModel>> models;
  for (const unsigned lanes : {1U, 5U, 32U})
    models.push_back(rtl_models::make_quantizer_model(lanes, rtl_models::QuantizerPlacement::fused));
  for (const auto& model : models)
    for (const std::size_t elements : {std::size_t{1}, std::size_t{33}, std::size_t{200}})
      for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4, Rule::nearest_fp4, Rule::luq_fp4}) {
        const auto source = random_source(elements, rule, 3);
        traces::QuantizerTask task = task_with(rule, source);
        const std::uint64_t words = (elements + model->lanes() - 1) / model->lanes();
        const bool is_sawb = rule == Rule::sawb_int4 || rule == Rule::sawb_uint4;
        const auto run = model->quantize(task);
        EXPECT_EQ(run.cycles, is_sawb ? 2 * words + 394 : words + 30) << name_of(rule);
        EXPECT_EQ(difference(run.result, exact::quantize(task)), "") << name_of(rule);
        if (is_sawb) continue;
        task.maximum = 0.9F;
        const auto given = model->quantize(task);
        EXPECT_EQ(given.cycles, words + 30) << name_of(rule);
        EXPECT_EQ(difference(given.result, exact::quantize(task)), "") << name_of(rule);
      }
}

/// Long enough that a buffer of draws would run dry, or over.
TEST(QuantizerModel, DrawsNeverStall) {
  const auto models = models_of({7, 24, 32});
  const auto source = random_source(4000, Rule::luq_fp4, 1);
  for (const auto& model : models)
    for (const unsigned bits : {4U, 8U, 16U}) {
      traces::QuantizerTask task = task_with(Rule::luq_fp4, source);
      task.random_bits = bits;
      expect_oracle_and_cycles(*model, task);
      task.maximum = 2.5F;
      expect_oracle_and_cycles(*model, task);
    }
}

TEST(QuantizerModel, ATensorOfZerosTakesAsLong) {
  const auto models = models_of({32});
  for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4, Rule::nearest_fp4, Rule::luq_fp4}) {
    const std::vector<float> source(77, -0.0F);
    expect_oracle_and_cycles(*models[0], task_with(rule, source));
    const std::vector<float> tiny(77, 0x1.fffffep-101F);
    expect_oracle_and_cycles(*models[0], task_with(rule, tiny));
  }
}

/// Nothing of a tensor, refused or not, is left for the next one.
TEST(QuantizerModel, TensorsLeaveNothingBehind) {
  const auto models = models_of({8, 32});
  const auto source = random_source(300, Rule::luq_fp4, 2);
  std::vector<float> bad = source;
  bad[123] = std::numeric_limits<float>::infinity();
  for (const auto& model : models)
    for (const Rule rule : {Rule::luq_fp4, Rule::sawb_int4, Rule::nearest_fp4, Rule::luq_fp4}) {
      traces::QuantizerTask task = task_with(rule, bad);
      EXPECT_EQ(message_of([&] { model->quantize(task); }),
                "layer 7, step 6: element 123 is infinity; expected a finite number");
      expect_oracle_and_cycles(*model, task_with(rule, source));
      if (rule != Rule::luq_fp4) continue;
      task.maximum = 1.5F;
      EXPECT_EQ(message_of([&] { model->quantize(task); }),
                "layer 7, step 6: element 123 is infinity; expected a finite number");
      expect_oracle_and_cycles(*model, task_with(rule, source));
    }
}

TEST(QuantizerModel, RefusalsNameWhatIsWrong) {
  const auto models = models_of({8});
  QuantizerModel& model = *models[0];
  const std::vector<float> source{0, 1, -0.0F, -1e-40F, -2};
  EXPECT_EQ(message_of([&] { model.quantize(task_with(Rule::sawb_uint4, source)); }),
            "layer 7, step 6: element 3 is -1e-40; expected none below zero for sawb_uint4");
  const std::vector<float> nan{1, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_EQ(message_of([&] { model.quantize(task_with(Rule::sawb_int4, nan)); }),
            "layer 7, step 6: element 1 is NaN; expected a finite number");
  traces::QuantizerTask task = task_with(Rule::nearest_fp4, source);
  task.alpha = Alpha::pow2;
  task.maximum = 0x1.000002p127F;
  EXPECT_EQ(message_of([&] { model.quantize(task); }),
            "layer 7, step 6: maximum out of range: 1.701412e+38 is over 2^127, and alpha is pow2");
  task.maximum = -1.0F;
  EXPECT_EQ(message_of([&] { model.quantize(task); }),
            "layer 7, step 6: maximum out of range: -1 is not a finite number >= 0");
  task.maximum = 0x1p127F;
  EXPECT_EQ(message_of([&] { model.quantize(task); }), "nothing was thrown");
  task.maximum = -0.0F;
  EXPECT_EQ(message_of([&] { model.quantize(task); }), "nothing was thrown");
}

TEST(QuantizerModel, LanesOutOfRangeAreRefused) {
  EXPECT_EQ(message_of([] { rtl_models::make_quantizer_model(0); }),
            "a quantizer of 0 lanes: expected 1 to 1024");
  EXPECT_EQ(message_of([] { rtl_models::make_quantizer_model(1025); }),
            "a quantizer of 1025 lanes: expected 1 to 1024");
}

TEST(QuantizerModel, MadeAfterTheFirstRunIsRefused) {
  const auto models = models_of({4});
  rtl_models::make_quantizer_model(9).reset();  // and one that goes before it is used
  const auto source = random_source(30, Rule::luq_fp4, 3);
  expect_oracle_and_cycles(*models[0], task_with(Rule::luq_fp4, source));
  EXPECT_EQ(message_of([] { rtl_models::make_quantizer_model(4); }),
            "SystemC elaborates once per process: all array models must be made before the first replay");
  expect_oracle_and_cycles(*models[0], task_with(Rule::luq_fp4, source));
}

}  // namespace
}  // namespace quatrain::tests
