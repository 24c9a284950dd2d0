/// quatrain train, typed as a user types it.
#include "tests/emu/nn/residual_config.hpp"
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/program.hpp"
#include "tests/support/signalled_program.hpp"
#include "tests/support/synthetic_images.hpp"
#include "traces/base/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <regex>

namespace quatrain::tests {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using testing::HasSubstr;
using testing::MatchesRegex;

class TrainCommand : public testing::Test {
 protected:
  void SetUp() override {
    write_synthetic_images(folder_ / "data", 48, 10);
    write_whole_file(folder_ / "tiny.json", tiny_config_text);
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }

  /// In the folder, so that ./runs is there.
  ProgramRun train(const std::string& arguments) const {
    return run_program("cd " + folder_.path().string() + " && " QUATRAIN_PROGRAM, "train " + arguments,
                       folder_);
  }
  /// One line on stderr, exit 2, and nothing new on disk.
  void expect_refusal(const std::string& arguments, const std::string& line) const {
    const std::set<std::string> before = contents(folder_.path());
    const ProgramRun run = train(arguments);
    EXPECT_EQ(run.exit_code, 2) << arguments;
    EXPECT_EQ(run.out, "") << arguments;
    EXPECT_EQ(run.err, "error: " + line + "\n");
    std::set<std::string> after = contents(folder_.path());
    for (const char* stream : {"stdout", "stderr"}) after.erase(stream);
    for (const std::string& name : before) after.erase(name);
    EXPECT_THAT(after, testing::IsEmpty()) << arguments;
  }
  std::filesystem::path checkpoint(const std::string& run, unsigned epoch) const {
    return folder_ / fmt::format("{}/checkpoints/epoch_{:04}.safetensors", run, epoch);
  }
  /// Sends SIGINT as soon as `file` is there, and wants exit code 130 in good time.
  void interrupt_at(const std::string& arguments, const std::filesystem::path& file) const {
    SignalledProgram train(QUATRAIN_PROGRAM, "train " + arguments, folder_);
    train.wait_until([&] { return std::filesystem::exists(file); });
    EXPECT_EQ(train.end(SIGINT, 30).exit_code, 130) << "137: killed, it went on for too long";
  }
  static std::string last_line(const std::string& text) {
    const std::size_t begin = text.rfind('\n', text.size() - 2);
    return text.substr(begin + 1, text.size() - begin - 2);
  }

  Folder folder_;
};

TEST_F(TrainCommand, PrintsEveryEpochAndLastTheRunDirectory) {
  const ProgramRun run = train("tiny.json --data data --threads 2");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  const std::string hash = "[0-9a-f]+";
  EXPECT_THAT(run.out,
              MatchesRegex("tiny: seed 7, 2 epochs, batch 16; 34656 forward MACs per image, 79\\.2 % of "
                           "them on 4-bit codes\n"
                           "epoch  train loss  test loss  test accuracy  seconds  state_hash\n"
                           "    1 +[0-9.]+ +[0-9.]+ +[0-9.]+ % +[0-9.]+  " +
                           hash + "\n" + "    2 +[0-9.]+ +[0-9.]+ +[0-9.]+ % +[0-9.]+  " + hash + "\n" +
                           "runs/tiny-001\n"));
  EXPECT_EQ(contents(folder_ / "runs/tiny-001"),
            (std::set<std::string>{"checkpoints", "checkpoints/epoch_0001.safetensors",
                                   "checkpoints/epoch_0002.safetensors", "config.json", "gradients.csv",
                                   "hashes.csv", "log.txt", "metrics.csv", "run.json", "steps.csv"}));
  EXPECT_EQ(last_line(train("tiny.json --data data").out), "runs/tiny-002");
}

TEST_F(TrainCommand, OptionsReplaceWhatTheConfigSays) {
  const ProgramRun run = train("tiny.json --data data --out mine --seed 3 --epochs 1 --quantize nearest");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(last_line(run.out), "mine");
  const std::string config = read_whole_file(folder_ / "mine/config.json");
  EXPECT_THAT(config, HasSubstr("\"seed\": 3,"));
  EXPECT_THAT(config, HasSubstr("\"epochs\": 1,"));
  EXPECT_THAT(config, HasSubstr("\"gradient\": \"nearest\""));
}

/// Rows of the profile as it is printed.
struct ProfileRow {
  double share = 0, milliseconds = 0, calls = 0;
};

TEST_F(TrainCommand, ProfileSaysHowAStepFallsToItsOperations) {
  const ProgramRun run = train("tiny.json --data data --out mine --profile");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  std::smatch head;
  ASSERT_TRUE(std::regex_search(run.out, head, std::regex("\n6 steps of ([0-9.]+) ms\n"))) << run.out;
  const std::regex row("\n(.{30})  +([0-9.]+) %  +([0-9.]+)  +([0-9.]+)(?=\n)");
  std::map<std::string, ProfileRow> rows;
  double before = 100, shares = 0, milliseconds = 0;
  for (std::sregex_iterator at(run.out.begin(), run.out.end(), row), end; at != end; ++at) {
    const std::string name = (*at)[1].str().substr(0, (*at)[1].str().find_last_not_of(' ') + 1);
    const ProfileRow& here = rows[name] = {std::stod((*at)[2]), std::stod((*at)[3]), std::stod((*at)[4])};
    EXPECT_LE(here.share, before) << name << ": the largest come first";
    before = here.share;
    shares += here.share;
    milliseconds += here.milliseconds;
  }
  // Three convolutions, one of them fp32; two linear layers, one of them fp32; all but the first want the
  // gradient of their input. No output has two readers, so no gradients are summed.
  const std::map<std::string, double> calls = {{"conv2d forward", 3},
                                               {"conv2d backward", 3},
                                               {"linear forward", 2},
                                               {"linear backward", 2},
                                               {"relu forward", 3},
                                               {"relu backward", 3},
                                               {"quantize input", 3},
                                               {"quantize weight", 3},
                                               {"quantize gradient", 3},
                                               {"4-bit product, forward", 3},
                                               {"4-bit product, backward_data", 3},
                                               {"4-bit product, backward_weight", 3},
                                               {"loss", 1},
                                               {"batch of images", 1},
                                               {"update of the parameters", 1},
                                               {"between the operations", 1}};
  ASSERT_EQ(rows.size(), calls.size()) << run.out;
  for (const auto& [name, count] : calls) EXPECT_EQ(rows.at(name).calls, count) << name;
  EXPECT_NEAR(shares, 100, 0.05 * static_cast<double>(rows.size()));
  EXPECT_NEAR(milliseconds, std::stod(head[1]), 0.05 + 0.005 * static_cast<double>(rows.size()));
  const double first = rows.at("conv2d forward").milliseconds / milliseconds;
  EXPECT_NEAR(rows.at("conv2d forward").share, 100 * first, 0.05 + 1 / milliseconds);
  EXPECT_EQ(train("tiny.json --data data --out other").out.find("steps of"), std::string::npos);
  EXPECT_EQ(read_whole_file(checkpoint("other", 2)), read_whole_file(checkpoint("mine", 2)));
}

TEST_F(TrainCommand, SetReplacesAnyKeyByItsPath) {
  const ProgramRun run = train(
      "tiny.json --data data --out mine --set quantize.samples=4 --set quantize.alpha=pow2 "
      "--set layers.2.kernel=[3,1] --set 'layers.2.padding=[1, 0]' --set epochs=5 --epochs 1");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto config = nlohmann::json::parse(read_whole_file(folder_ / "mine/config.json"));
  EXPECT_EQ(config["quantize"]["samples"], 4);
  EXPECT_EQ(config["quantize"]["alpha"], "pow2");
  EXPECT_EQ(config["layers"][2]["kernel"], nlohmann::json({3, 1}));
  EXPECT_EQ(config["layers"][2]["padding"], nlohmann::json({1, 0}));
  EXPECT_EQ(config["epochs"], 1) << "options with names of their own come last";
  const ProgramRun again = train("mine/config.json --data data --out again");
  EXPECT_EQ(read_whole_file(folder_ / "again/config.json"), read_whole_file(folder_ / "mine/config.json"));
  EXPECT_EQ(read_whole_file(checkpoint("again", 1)), read_whole_file(checkpoint("mine", 1)));
  const auto record = nlohmann::json::parse(read_whole_file(folder_ / "mine/run.json"));
  EXPECT_THAT(record["commands"][0].get<std::string>(), HasSubstr("--set quantize.samples=4"));
}

TEST_F(TrainCommand, WhatSetGetsWrongIsNamed) {
  expect_refusal("tiny.json --data data --set quantize.sample=4",
                 "with --set quantize.sample=4: tiny.json: /quantize/sample: unknown key; did you mean "
                 "'samples'?");
  expect_refusal(
      "tiny.json --data data --set quantize.samples=17 --set seed=2",
      "with --set quantize.samples=17 --set seed=2: tiny.json: /quantize/samples: found 17; expected "
      "an integer from 1 to 16");
  expect_refusal("tiny.json --data data --set quantize.samples",
                 "--set: 'quantize.samples'; expected KEY=VALUE, as in quantize.samples=4");
  expect_refusal("demo_cnn --data data --set layers.99.kernel=5",
                 "--set layers.99.kernel: /layers has 10 items and none '99'; expected a place from 0");
}

TEST_F(TrainCommand, TraceGoesIntoTheRunUnlessToldOtherwise) {
  for (const std::string option : {"--trace", "--trace-steps first,middle,last"}) {
    const ProgramRun run = train("tiny.json --data data " + option);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const std::string trace = last_line(run.out) + "/trace";
    EXPECT_THAT(run.out, HasSubstr("\ntrace: " + trace + "\n"));
    EXPECT_EQ(run_program(QUATRAIN_PROGRAM, "trace check " + in(trace), folder_).exit_code, 0);
  }
  const ProgramRun run = train("tiny.json --data data --trace elsewhere --trace-steps 1,4");
  EXPECT_THAT(run.out, HasSubstr("\ntrace: elsewhere\n"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "elsewhere/step_00000004.safetensors"));
}

TEST_F(TrainCommand, BothInstructionPathsGiveTheSameState) {
  EXPECT_EQ(train("tiny.json --data data --out any --threads 2").exit_code, 0);
  ::setenv("QUATRAIN_SIMD", "portable", 1);
  EXPECT_EQ(train("tiny.json --data data --out portable --threads 1").exit_code, 0);
  EXPECT_EQ(read_whole_file(folder_ / "portable/checkpoints/epoch_0002.safetensors"),
            read_whole_file(folder_ / "any/checkpoints/epoch_0002.safetensors"));
  EXPECT_THAT(read_whole_file(folder_ / "portable/log.txt"), HasSubstr("SIMD path portable\n"));
  ::unsetenv("QUATRAIN_SIMD");
}

/// Depthwise and strided convolutions, a shortcut, samples: every machine makes the same of them.
TEST_F(TrainCommand, ResidualNetworkIsEqualOnEveryMachine) {
  nlohmann::json config = nlohmann::json::parse(residual_config_text);
  config["epochs"] = 1;
  config["batch"] = 8;
  write_whole_file(folder_ / "residual.json", config.dump());
  ASSERT_EQ(train("residual.json --data data --out run --trace-steps 0,3").exit_code, 0);
  const ProgramRun check = run_program(QUATRAIN_PROGRAM, "trace check " + in("run/trace"), folder_);
  EXPECT_EQ(check.exit_code, 0) << check.err;
  const ProgramRun verify = run_program(
      QUATRAIN_PROGRAM, "verify " + in("run/trace") + " --machines emu,simt.tiled,systemc.array", folder_);
  EXPECT_EQ(verify.exit_code, 0) << verify.out << verify.err;
  for (const std::string machine : {"emu.naive", "emu.blocked", "simt.tiled"})
    EXPECT_THAT(verify.out, HasSubstr(machine + " gemms 42/42 quantizers 60/60 "));
  EXPECT_THAT(verify.out,
              HasSubstr(QUATRAIN_HAS_SYSTEMC ? "systemc.array gemms 42/42 " : "systemc.array gemms 0/0 "));
  EXPECT_THAT(verify.out, testing::Not(HasSubstr(" differs")));
}

TEST_F(TrainCommand, BadConfigsAreNamed) {
  expect_refusal("absent.json --data data",
                 "absent.json: no such file; expected a file, or one of the training configs inside the "
                 "program: demo_cnn, demo_quick, lenet5, mobilenet_v2, mobilenet_v2_quantized, "
                 "resnet18, resnet18_small, resnet20");
  write_whole_file(folder_ / "bad.json", "{\"name\": \"x\",}");
  expect_refusal("bad.json --data data", "bad.json: line 1, column 14: found }; expected a key");
  write_whole_file(folder_ / "bad.json", "{\"name\": \"x\", \"name\": \"y\"}");
  expect_refusal("bad.json --data data", "bad.json: /name: duplicate key, again at line 1, column 15");
  std::string text = tiny_config_text;
  write_whole_file(folder_ / "bad.json", text.replace(text.find("\"seed\": 7"), 9, "\"seed\": -7"));
  expect_refusal("bad.json --data data",
                 "bad.json: /seed: found -7; expected an integer from 0 to 4294967295");
}

TEST_F(TrainCommand, BadDataAreNamed) {
  const std::string advice =
      "expected the four IDX files of Fashion-MNIST (Debian package dataset-fashion-mnist); --data names "
      "their folder";
  expect_refusal("tiny.json --data absent", "absent: no such folder; " + advice);
  std::filesystem::create_directory(folder_ / "empty");
  expect_refusal("tiny.json --data empty",
                 "empty: no train-images-idx3-ubyte here, plain or with .gz; " + advice);
  expect_refusal("demo_quick --data data",
                 "data/train-images-idx3-ubyte: 48 images; the config asks for 6000 in /data/train_images");
  const std::string images = read_whole_file(folder_ / "data/t10k-images-idx3-ubyte");
  write_whole_file(folder_ / "data/t10k-images-idx3-ubyte", images.substr(0, 1000));
  expect_refusal("tiny.json --data data",
                 "data/t10k-images-idx3-ubyte: byte 1000: the file ends here; expected 7856 bytes");
  write_whole_file(folder_ / "data/t10k-images-idx3-ubyte", "junk" + images.substr(4));
  expect_refusal("tiny.json --data data",
                 "data/t10k-images-idx3-ubyte: byte 0: magic number 6a756e6b; expected 00000803, unsigned "
                 "bytes in 3 dimensions");
}

TEST_F(TrainCommand, BadOptionsAreNamed) {
  expect_refusal("", "CONFIG is required (see --help)");
  expect_refusal("tiny.json --data data --threads 0",
                 "--threads: found '0'; expected a whole number from 1 to 1024 (see --help)");
  expect_refusal("tiny.json --data data --epochs 0",
                 "--epochs: found '0'; expected a whole number from 1 to 100000 (see --help)");
  expect_refusal("tiny.json --data data --seed -1",
                 "--seed: found '-1'; expected a whole number from 0 to 4294967295 (see --help)");
  expect_refusal("tiny.json --data data --seed 4294967296",
                 "--seed: found '4294967296'; expected a whole number from 0 to 4294967295 (see --help)");
  expect_refusal("tiny.json --data data --quantize int8",
                 "--quantize: int8 not in {fp32,luq,nearest} (see --help)");
  expect_refusal("tiny.json --data data --resume", "--resume requires --out (see --help)");
  expect_refusal("tiny.json --data data --out data",
                 "data: is not empty; expected a new folder, or to resume the run in it");
  expect_refusal("tiny.json --data data --trace-steps 6",
                 "traced steps: step 6; expected 0..5, the steps of this run");
}

/// The limit on a file's size stands for a full disk (emu/nn/disk_test.cpp has the other places).
TEST_F(TrainCommand, ADiskThatTakesNoMoreIsNamed) {
  const ProgramRun run =
      run_program_on_full_disk(10, "cd " + folder_.path().string() + " && " QUATRAIN_PROGRAM,
                               "train tiny.json --data data --out run", folder_);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "error: run/checkpoints/epoch_0001.safetensors: cannot be written: File too large\n");
  EXPECT_THAT(contents(folder_ / "run/checkpoints"), testing::IsEmpty());
}

TEST_F(TrainCommand, InterruptedBySignalKeepsItsCheckpointsAndGoesOn) {
  const std::string endless = "tiny.json --data data --epochs 100000 --out ";
  const auto until = [&](const std::string& run, unsigned epoch, bool resumes) {
    interrupt_at(endless + run + (resumes ? " --resume" : ""), checkpoint(run, epoch));
    EXPECT_EQ(read_whole_file(folder_ / "stderr"), "interrupted\n");
    EXPECT_TRUE(read_whole_file(folder_ / (run + "/log.txt")).ends_with("stopped: interrupted\n"));
  };
  until("run", 1, false);
  unsigned done = 1;
  while (std::filesystem::exists(checkpoint("run", done + 1))) ++done;
  until("run", done + 2, true);
  until("whole", done + 2, false);
  for (unsigned epoch = 1; epoch <= done + 2; ++epoch)
    EXPECT_EQ(read_whole_file(checkpoint("run", epoch)), read_whole_file(checkpoint("whole", epoch)));
}

/// A step of minutes: the signal does not wait for its end.
TEST_F(TrainCommand, ASignalEndsTheStepThatRuns) {
  nlohmann::json config = nlohmann::json::parse(tiny_config_text);
  const auto wide = [](const char* name, int channels) {
    return nlohmann::json{{"kind", "conv2d"}, {"name", name}, {"out_channels", channels},
                          {"kernel", 5},      {"padding", 2}, {"precision", "fp32"}};
  };
  config["layers"] = {wide("conv1", 128), wide("conv2", 512), wide("conv3", 512), config["layers"].back()};
  config["batch"] = 48;
  write_whole_file(folder_ / "wide.json", config.dump());
  interrupt_at("wide.json --data data --out run", folder_ / "run/log.txt");
  EXPECT_EQ(read_whole_file(folder_ / "stderr"), "interrupted\n");
  const nlohmann::json run = nlohmann::json::parse(read_whole_file(folder_ / "run/run.json"));
  EXPECT_EQ(run.at("state"), "interrupted");
  EXPECT_EQ(run.at("steps"), 0);
  EXPECT_EQ(read_whole_file(folder_ / "run/steps.csv"), "step,loss\n");
}

/// As it stands in run.json: quoted, so that a shell runs it again, from the same folder.
TEST_F(TrainCommand, TheCommandInTheRunFileRepeatsTheRun) {
  std::filesystem::rename(folder_ / "data", folder_ / "my data");
  ASSERT_EQ(train("tiny.json --data 'my data' --seed 3 --epochs 1 --trace-steps 0,1").exit_code, 0);
  const auto file = [&](const std::string& run) {
    return nlohmann::json::parse(read_whole_file(folder_ / run / "run.json"));
  };
  const nlohmann::json first = file("runs/tiny-001");
  EXPECT_EQ(
      first.at("commands"),
      nlohmann::json({"quatrain train tiny.json --data 'my data' --seed 3 --epochs 1 --trace-steps 0,1"}));
  EXPECT_EQ(first.at("program"), "quatrain " QUATRAIN_VERSION);
  EXPECT_EQ(first.at("data").at("folder"), "my data");
  for (const auto& [name, sum] : first.at("data").at("sha256").items())  // coreutils agree
    EXPECT_THAT(run_program("sha256sum", fmt::format("'{}'", in("my data/" + name)), folder_).out,
                testing::StartsWith(sum.get<std::string>()));
  EXPECT_EQ(first.at("data").at("sha256").size(), 4U);
  EXPECT_EQ(first.at("state"), "finished");
  EXPECT_EQ(first.at("epochs"), 1);
  EXPECT_EQ(first.at("of_epochs"), 1);
  EXPECT_EQ(first.at("steps"), 3);
  std::string command = first.at("commands").at(0);
  ASSERT_EQ(command.substr(0, 9), "quatrain ");
  write_whole_file(folder_ / "again",
                   "cd " + folder_.path().string() + " && " QUATRAIN_PROGRAM " " + command.substr(9));
  ASSERT_EQ(run_program("sh", in("again"), folder_).exit_code, 0);
  for (const char* name : {"checkpoints/epoch_0001.safetensors", "trace/SHA256SUMS"})
    EXPECT_EQ(read_whole_file(folder_ / "runs/tiny-001" / name),
              read_whole_file(folder_ / "runs/tiny-002" / name));
}

TEST_F(TrainCommand, ARunGoesOnOnlyWithItsDataAndConfig) {
  ASSERT_EQ(train("tiny.json --data data --out run").exit_code, 0);
  std::filesystem::create_directory(folder_ / "other");
  write_synthetic_half(folder_ / "other", "train", 48, 9, {});
  write_synthetic_half(folder_ / "other", "t10k", 10, 2, {});
  const ProgramRun refused = train("tiny.json --data other --out run --resume");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(
      refused.err,
      MatchesRegex(
          "error: run/run.json: the run was trained on other data: train-images-idx3-ubyte has SHA-256 "
          "[0-9a-f]+ there and [0-9a-f]+ in other\n"));
  expect_refusal(
      "tiny.json --data data --out run --resume --epochs 1",
      "run/config.json: /epochs: is 2 in this run and 1 now; a run goes on only with an equal config (the "
      "learning rate depends on it; a run that has finished takes more)");
  // the same data, compressed
  std::filesystem::copy(folder_ / "data", folder_ / "packed");
  ASSERT_EQ(run_program("gzip", in("packed/train-images-idx3-ubyte"), folder_).exit_code, 0);
  EXPECT_EQ(train("tiny.json --data packed --out run --resume").exit_code, 0);
}

/// config.json stands before the tables do.
TEST_F(TrainCommand, ARunKilledWhileItsFolderWasMadeGoesOn) {
  ASSERT_EQ(train("tiny.json --data data --out whole").exit_code, 0);
  ASSERT_EQ(train("tiny.json --data data --out killed").exit_code, 0);
  for (const char* lost :
       {"metrics.csv", "steps.csv", "gradients.csv", "hashes.csv", "run.json", "checkpoints"})
    std::filesystem::remove_all(folder_ / "killed" / lost);
  const ProgramRun resumed = train("tiny.json --data data --out killed --resume");
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(read_whole_file(checkpoint("killed", 2)), read_whole_file(checkpoint("whole", 2)));
}

TEST_F(TrainCommand, TwoThatStartTogetherGetAFolderEach) {
  const std::string one = QUATRAIN_PROGRAM " train tiny.json --data data --epochs 1 ";
  write_whole_file(folder_ / "both",
                   fmt::format("cd {}\nfor i in 1 2 3; do\n{} --seed 1 & a=$!\n{} --seed 2 || exit 9\n"
                               "wait $a || exit 9\ndone\n",
                               folder_.path().string(), one, one));
  EXPECT_EQ(run_program("sh", in("both"), folder_).exit_code, 0) << read_whole_file(folder_ / "stderr");
  std::size_t of_seed_1 = 0;
  for (int i = 1; i <= 6; ++i)
    of_seed_1 +=
        read_whole_file(folder_ / fmt::format("runs/tiny-00{}/config.json", i)).find("\"seed\": 1,") !=
        std::string::npos;
  EXPECT_EQ(of_seed_1, 3U);
}

/// tests/data/README.md: any change of a bit of training shows here, on real images.
TEST_F(TrainCommand, SampleTraceIsMadeAgainBitForBit) {
  const std::filesystem::path data = std::filesystem::path(QUATRAIN_SOURCE_DIR) / "tests/data";
  const ProgramRun run =
      train((data / "sample_trace.json").string() + " --out run --trace sample --trace-steps 3");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ASSERT_EQ(contents(folder_ / "sample"), contents(data / "sample_trace"));
  // The sample is older than the keys that name the data (x_data_sha256); all else has the same bytes.
  const auto text_of = [](const std::filesystem::path& file) {
    static const std::regex newer(", \"x_data_sha256\": \"[0-9a-f]{64}\"|[0-9a-f]{64}  manifest.json\\n");
    const std::string text = read_whole_file(file);
    return file.extension() == ".safetensors" ? text : std::regex_replace(text, newer, "");
  };
  for (const std::string& name : contents(data / "sample_trace"))
    EXPECT_EQ(text_of(folder_ / "sample" / name), text_of(data / "sample_trace" / name)) << name;
}

/// The hash at the end of the row of epoch 1.
std::string first_hash(const std::string& out) {
  std::smatch found;
  return std::regex_search(out, found, std::regex("\n    1 .* ([0-9a-f]{64})\n")) ? found[1].str() : "";
}

TEST_F(TrainCommand, OnAnotherMachineAndCheckedByOthers) {
  const ProgramRun alone = train("tiny.json --data data --epochs 1 --out alone");
  const ProgramRun checked =
      train("tiny.json --data data --epochs 1 --out checked --machine simt.tiled --check emu");
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_NE(first_hash(alone.out), "");
  EXPECT_EQ(first_hash(alone.out), first_hash(checked.out));
  // 3 layers; 3 steps with 4 quantizations and 3 products, a test batch with 2 and 1
  EXPECT_THAT(checked.out, HasSubstr("checked by emu.naive: 42 quantizers and 30 products, all equal\n"
                                     "checked by emu.blocked: 42 quantizers and 30 products, all equal\n"));
  EXPECT_THAT(read_whole_file(in("checked/log.txt")),
              HasSubstr("quantizers and 4-bit products on simt.tiled, "));
  EXPECT_FALSE(std::filesystem::exists(in("checked/difference")));
}

TEST_F(TrainCommand, MachinesThatCannotBeMeant) {
  expect_refusal("tiny.json --data data --machine emu",
                 "--machine: 'emu' names emu.naive, emu.blocked; expected one machine");
  expect_refusal("tiny.json --data data --check emu.blocked",
                 "--check: emu.blocked computes the run itself; expected another machine");
  const ProgramRun run = train("tiny.json --data data --machine nobody");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, testing::StartsWith("error: --machine: no machine 'nobody'; expected names or"));
}

}  // namespace
}  // namespace quatrain::tests
