/// quatrain study, typed as a user types it: on a traced run, on one in fp32, and on a trace that a Python
/// program wrote. The figures themselves are counted again in tests/sim/study/ and in
/// report_trace_figures.cpp.
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "tests/support/python.hpp"
#include "tests/support/synthetic_images.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace quatrain::tests {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;

class StudyCommand : public testing::Test {
 protected:
  std::string in(const std::string& name) const { return (folder_ / name).string(); }
  ProgramRun run(const std::string& arguments) const {
    return run_program("cd " + folder_.path().string() + " && " QUATRAIN_PROGRAM, arguments, folder_);
  }
  void train(const std::string& arguments) {
    write_synthetic_images(folder_ / "data", 48, 10);
    base::write_whole_file(folder_ / "tiny.json", tiny_config_text);
    const ProgramRun made = run("train tiny.json --data data --epochs 1 --trace-steps 0,1 " + arguments);
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
  json figures(const std::string& file) const { return json::parse(base::read_whole_file(folder_ / file)); }
  void expect_refusal(const std::string& arguments, const std::string& line) const {
    const ProgramRun refused = run("study " + arguments);
    EXPECT_EQ(refused.exit_code, 2) << arguments;
    EXPECT_EQ(refused.out, "") << arguments;
    EXPECT_EQ(refused.err, "error: " + line + "\n");
  }

  Folder folder_;
};

/// A line for each effect of the file, in its order, with its figures.
TEST_F(StudyCommand, PrintsWhatItWrites) {
  train("--out run");
  const ProgramRun made =
      run("study run/trace --samples 4,1,2 --trials 5 --random-bits 4,16 --alpha exact,pow2 --threads 2");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, EndsWith("\nrun/gradients.json\n"));
  const std::string text = base::read_whole_file(folder_ / "run/gradients.json");
  EXPECT_EQ(JsonSchema("gradients").complaint(text), "");
  const json study = json::parse(text);
  EXPECT_EQ(study.at("provenance").at("command"),
            "quatrain study run/trace --samples 4,1,2 --trials 5 --random-bits 4,16 --alpha exact,pow2 "
            "--threads 2");
  EXPECT_EQ(study.at("asked").at("samples"), json({1, 2, 4}));
  ASSERT_EQ(study.at("gradients").size(), 6U) << "three layers, two steps";

  std::istringstream lines(made.out);
  std::string line;
  for (const json& gradient : study.at("gradients")) {
    std::getline(lines, line);
    EXPECT_EQ(line, fmt::format("{}, step {}: weight gradient of 16 of 16 images, measured maximum",
                                gradient.at("layer").get<std::string>(), gradient.at("step").get<int>()));
    std::getline(lines, line);  // the columns
    ASSERT_EQ(gradient.at("effects").size(), 2 * (2 * 3 + 1U))
        << "two alphas: two sizes of draws, and nearest";
    for (const json& effect : gradient.at("effects")) {
      std::getline(lines, line);
      std::istringstream words(line);
      std::vector<std::string> cells;
      for (std::string word; words >> word;) cells.push_back(word);
      const auto text_of = [&](const char* key) {
        return fmt::format("{:.5f}", effect.at(key).get<double>());
      };
      const auto error_of = [&](const char* key) {
        return fmt::format("+-{:.5f}", effect.at(std::string(key) + "_standard_error").get<double>());
      };
      const std::string dead = fmt::format("{:.3f}", 100 * effect.at("dead_share").get<double>());
      const std::string alpha = effect.at("alpha"), samples = std::to_string(effect.at("samples").get<int>()),
                        trials = std::to_string(effect.at("trials").get<int>());
      if (effect.at("rule") == "nearest") {
        EXPECT_THAT(cells, testing::ElementsAre("nearest", alpha, samples, trials, text_of("gain"),
                                                text_of("relative_error"), dead, "%"));
      } else {
        const json& expected = effect.at("expected");
        EXPECT_THAT(cells, testing::ElementsAre(
                               "LUQ", std::to_string(effect.at("random_bits").get<int>()), "bits", alpha,
                               samples, trials, text_of("gain"), error_of("gain"), text_of("relative_error"),
                               error_of("relative_error"),
                               fmt::format("{:.5f}", expected.at("relative_error").get<double>()),
                               fmt::format("{:.5f}", expected.at("error_floor").get<double>()), dead, "%"));
      }
    }
    std::getline(lines, line);  // between two gradients
    EXPECT_EQ(line, "");
  }
}

/// The layers that would be quantized leave the tensors that fp32 computes with.
TEST_F(StudyCommand, TakesTheTraceOfAnFp32Run) {
  train("--quantize fp32 --out run");
  const ProgramRun made = run("study run/trace --samples 1 --trials 2 --json else.json");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const json study = figures("else.json");
  EXPECT_EQ(study.at("gradients").size(), 6U);
  for (const json& gradient : study.at("gradients")) EXPECT_EQ(gradient.at("compared"), "weight_gradient");
  EXPECT_EQ(run("verify run/trace --machines emu.naive").exit_code, 0);
}

/// The module in python/ writes a trace of gradients alone; its codes are those of every machine.
TEST_F(StudyCommand, TakesGradientsThatAPythonProgramWrites) {
  const std::string python = python_with_numpy(folder_);
  if (python.empty()) GTEST_SKIP() << "no python3 here has numpy";
  base::write_whole_file(folder_ / "mine.py", R"(
import numpy, quatrain_trace
random = numpy.random.default_rng(1)
ties = numpy.array([[64, 0.5, 1.5, 3, 6, 12, 24, 48, -1.5, 2.99, 3.01, 0, -0.0, 1e-9, -63.9]], numpy.float32)
normal = random.lognormal(-6, 2, (8, 33)) * random.choice([-1, 0, 1], (8, 33))
quatrain_trace.write_gradients("mine", {"ties": ties, "fc1": normal, "conv": random.normal(0, 0.01, (2, 3, 5, 5)),
                                        "zeros": numpy.zeros((2, 3))}, step=7)
)");
  const ProgramRun wrote = run_program(
      fmt::format("cd {} && PYTHONPATH={}/python {}", folder_.path().string(), QUATRAIN_SOURCE_DIR, python),
      "mine.py", folder_);
  ASSERT_EQ(wrote.exit_code, 0) << wrote.err;
  EXPECT_EQ(run("trace check mine").exit_code, 0);
  const ProgramRun verified = run("verify mine --machines emu,simt.naive");
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("quantizers 4/4"));
  ASSERT_EQ(run("study mine --samples 1,2 --trials 3").exit_code, 0);
  const json study = figures("gradients.json");
  ASSERT_EQ(study.at("gradients").size(), 4U);
  EXPECT_EQ(study.at("gradients").at(0).at("layer"), "ties");
  EXPECT_EQ(study.at("gradients").at(0).at("step"), 7);
  EXPECT_EQ(study.at("gradients").at(1).at("compared"), "gradient");
  EXPECT_EQ(study.at("gradients").at(1).at("effects").size(), 3U);
  EXPECT_EQ(study.at("gradients").at(3).at("effects"), json::array()) << "all zero: no norm";
}

TEST_F(StudyCommand, BadInputIsOneLine) {
  train("--out run");
  expect_refusal("run/trace --samples 0",
                 "--samples: found '0'; expected whole numbers of 1 to 1024, with commas");
  expect_refusal("run/trace --samples 1,,4",
                 "--samples: found ''; expected whole numbers of 1 to 1024, with commas");
  expect_refusal("run/trace --samples 1025",
                 "--samples: found '1025'; expected whole numbers of 1 to 1024, with commas");
  expect_refusal("run/trace --random-bits 5", "--random-bits: found '5'; expected 4, 8 or 16, with commas");
  expect_refusal("run/trace --alpha both",
                 "--alpha: found 'both'; expected exact or pow2, with a comma between two");
  expect_refusal("run/trace --trials 1",
                 "--trials: found '1'; expected a whole number from 2 to 10000 (see --help)");
  base::write_whole_file(folder_ / "run/gradients.json", "{}");
  const ProgramRun taken = run("study run/trace");
  EXPECT_EQ(taken.exit_code, 2);
  EXPECT_THAT(taken.err, HasSubstr("run/gradients.json: "));
  EXPECT_EQ(base::read_whole_file(folder_ / "run/gradients.json"), "{}");

  auto manifest = json::parse(base::read_whole_file(folder_ / "run/trace/manifest.json"));
  manifest["quantizers"] = manifest["gemms"] = json::array();
  manifest["tensors"] = json::object();
  std::filesystem::create_directory(folder_ / "bare");
  base::write_whole_file(folder_ / "bare/manifest.json", manifest.dump());
  run_program("cd " + in("bare") + " && sha256sum", "manifest.json", folder_);
  base::write_whole_file(folder_ / "bare/SHA256SUMS", base::read_whole_file(folder_ / "stdout"));
  expect_refusal(
      "bare --json new.json",
      "bare: holds no gradient with its fp32 source; expected a trace of `quatrain train --trace`, or "
      "another that keeps the sources");
}

}  // namespace
}  // namespace quatrain::tests
