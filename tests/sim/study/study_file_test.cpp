/// gradients.json: what is written is read, fits its schema, and what is not as written is refused.
#include "sim/study/study_file.hpp"

#include "tests/support/folder.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace quatrain::sim::study {
namespace {

using nlohmann::json;

/// No two figures are equal.
GradientStudy study() {
  GradientStudy made{.manifest_sha256 = std::string(64, 'a'),
                     .model = "net",
                     .asked = {.samples = {1, 2, 3},
                               .trials = 5,
                               .random_bits = {8, 16},
                               .alphas = {traces::Alpha::pow2},
                               .most_macs = 77},
                     .rule = "luq_fp4",
                     .steps = {0, 12},
                     .histograms = {},
                     .gradients = {},
                     .unreadable = {{"conv3", 12, "a tensor is damaged"}}};
  CodeHistogram& histogram = made.histograms.emplace_back();
  histogram.layer = "conv2";
  for (std::size_t place = 0; place < 15; ++place) histogram.counts[place] = 100 + place;
  StudiedGradient gradient{.layer = "conv2",
                           .step = 12,
                           .images = 3,
                           .batch = 8,
                           .compared = Compared::gradient,
                           .maximum = traces::Maximum::hindsight,
                           .effects = {}};
  gradient.effects.push_back(
      {.setting = {.random_bits = 8, .alpha = traces::Alpha::pow2},
       .samples = 2,
       .trials = 5,
       .gain = {1.01, 0.02},
       .relative_error = {0.3, 0.04},
       .dead_share = {0.5, 0.06},
       .expected =
           Expectation{.gain = 0.99, .relative_error = 0.31, .error_floor = 0.07, .dead_share = 0.51}});
  gradient.effects.push_back({.setting = {.rule = traces::Rule::nearest_fp4, .random_bits = 0},
                              .gain = {0.8, std::nullopt},
                              .relative_error = {0.21, std::nullopt},
                              .dead_share = {0.61, std::nullopt}});
  made.gradients.push_back(gradient);
  return made;
}

TEST(StudyFile, WhatIsWrittenIsReadAndFitsTheSchema) {
  const tests::Folder folder;
  const std::string text = study_json(study());
  EXPECT_EQ(tests::JsonSchema("gradients").complaint(text), "");
  base::write_whole_file(folder / "gradients.json", text);
  const GradientStudy read = read_study(folder / "gradients.json", std::string(64, 'a'));
  EXPECT_EQ(study_json(read), text);
  EXPECT_EQ(read.gradients.at(0).effects.at(0).expected->error_floor, 0.07);
  EXPECT_EQ(read.gradients.at(0).effects.at(0).relative_error.standard_error, 0.04);
  EXPECT_EQ(read.asked.random_bits, (std::vector<unsigned>{8, 16}));
}

/// Every key is asked for, by the reader and by the schema.
TEST(StudyFile, AMissingKeyIsNamed) {
  const tests::Folder folder;
  const json whole = json::parse(study_json(study()));
  std::size_t tried = 0;
  for (const char* object : {"", "/trace", "/asked", "/gradients/0", "/gradients/0/effects/0",
                             "/gradients/0/effects/0/expected", "/unreadable/0"}) {
    const json::json_pointer place(object);
    for (const auto& [key, value] : whole.at(place).items()) {
      if (key == "code_values") continue;  // for other programs
      json changed = whole;
      changed.at(place).erase(key);
      EXPECT_NE(tests::JsonSchema("gradients").complaint(changed.dump()), "") << object << "/" << key;
      base::write_whole_file(folder / "gradients.json", changed.dump());
      const std::string message = tests::message_of([&] { read_study(folder / "gradients.json", ""); });
      EXPECT_NE(message.find(key), std::string::npos) << message;
      ++tried;
    }
  }
  EXPECT_GT(tried, 40U);
}

TEST(StudyFile, RefusesAnotherTraceAndBitsOfARuleThatDrawsNone) {
  const tests::Folder folder;
  const std::filesystem::path file = folder / "gradients.json";
  json changed = json::parse(study_json(study()));
  base::write_whole_file(file, changed.dump());
  EXPECT_NE(tests::message_of([&] { read_study(file, std::string(64, 'b')); }).find("manifest_sha256"),
            std::string::npos);
  changed["gradients"][0]["effects"][1]["random_bits"] = 8;
  base::write_whole_file(file, changed.dump());
  EXPECT_EQ(
      tests::message_of([&] { read_study(file, ""); }),
      file.string() + ": /gradients/0/effects/1/random_bits: expected null, since the rule draws nothing");
}

}  // namespace
}  // namespace quatrain::sim::study
