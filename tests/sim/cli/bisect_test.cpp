/// quatrain bisect: the first step, tensor and element in which two runs part.
#include "sim/bisect/bisect.hpp"

#include "emu/machine.hpp"
#include "emu/nn/network.hpp"
#include "emu/nn/state_hash.hpp"
#include "tests/emu/nn/tiny_run.hpp"
#include "tests/support/forwarding_machine.hpp"
#include "tests/support/program.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/checksum.hpp"

#include <gmock/gmock.h>

#include <cstring>

namespace quatrain::sim::bisect {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::uint32_t bad_step = 9;  // of 12
constexpr std::size_t bad_element = 17;

/// The emulator, but in one step one accumulator of conv3's weight gradient is too large by one.
class Faulty final : public tests::ForwardingMachine {
 public:
  explicit Faulty(base::ThreadPool& pool) : ForwardingMachine(emu::make_blocked_machine(pool)) {}
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    step_ = task.draws.step;
    return ForwardingMachine::quantize(task);
  }
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    traces::GemmResult result = ForwardingMachine::multiply(gemm, left, right);
    if (step_ == bad_step && gemm.phase == traces::Phase::backward_weight && gemm.geometry.groups == 2) {
      ++result.accumulators[bad_element];
      result.output[bad_element] = static_cast<float>(result.accumulators[bad_element]) * result.scale;
    }
    return result;
  }

 private:
  std::uint32_t step_ = 0;
};

class Bisect : public tests::TinyRun {
 protected:
  void SetUp() override {
    TinyRun::SetUp();
    make("a", nullptr, 1);
  }
  void make(const std::string& name, traces::Machine* machine, std::int64_t hashes_every) const {
    emu::TrainingOptions run = options(name);
    run.machine = machine;
    run.hashes_every = hashes_every;
    run.checkpoint_every = 4;
    train(run);
  }
  RecordedRun run(const std::string& name) const { return read_run(folder_ / name); }
  /// `of_b` computes B again; null: the emulator.
  Repeat repeat(traces::Machine* of_b) {
    return [this, of_b](const RepeatRequest& request) {
      base::SilentProgress progress;
      return emu::repeat_steps({.config = tests::tiny_config(),
                                .data = folder_ / "data",
                                .checkpoint = request.checkpoint,
                                .step = request.step,
                                .keep = request.keep,
                                .threads = 1,
                                .machine = request.side == Side::b ? of_b : nullptr},
                               progress);
    };
  }
  /// As a user types it; "A" and "B" stand for the folders of two runs.
  tests::ProgramRun program(const std::string& arguments) const {
    return tests::run_program("cd " + folder_.path().string() + " && " QUATRAIN_PROGRAM,
                              "bisect " + arguments + " --threads 1", folder_);
  }
  /// Replaces the first `from` in a file.
  void edit(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = base::read_whole_file(folder_ / name);
    const std::size_t place = text.find(from);
    ASSERT_NE(place, std::string::npos) << name << ": " << from;
    base::write_whole_file(folder_ / name, text.replace(place, from.size(), to));
  }
  void copy(const std::string& from, const std::string& to) const {
    std::filesystem::copy(folder_ / from, folder_ / to, std::filesystem::copy_options::recursive);
  }
  /// The row of a step in hashes.csv, and the place of a tensor's hash in it.
  std::string hash_row(const std::string& name, std::int64_t step) const {
    const std::string text = base::read_whole_file(folder_ / name / "hashes.csv");
    const std::string mark = fmt::format("\n{},", step);
    const std::size_t begin = text.find(mark) + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
  }

  base::ThreadPool pool_{1};
};

TEST_F(Bisect, APlantedFaultIsFoundDownToItsElement) {
  Faulty faulty(pool_);
  make("b", &faulty, 1);
  const Bisection found = bisect(run("a"), run("b"), repeat(&faulty));
  EXPECT_FALSE(found.is_equal);
  EXPECT_EQ(found.step, bad_step);
  ASSERT_TRUE(found.tensor);
  EXPECT_EQ(found.tensor->layer, "conv3");
  EXPECT_EQ(found.tensor->phase, "backward_weight");
  EXPECT_EQ(found.tensor->name, "accumulators");
  EXPECT_EQ(found.tensor->shape, (traces::Shape{8, 3, 3, 3}));
  const std::string text = base::joined(found.lines, "\n");
  EXPECT_THAT(text, StartsWith("step 9 differs first; the state before it is equal\n  its loss is equal: "));
  EXPECT_THAT(text, HasSubstr("\n  1 of 10 tensors of the state differ behind it: conv3.weight\n"));
  EXPECT_THAT(text,
              HasSubstr("\nA run again from epoch_0001_step_00000008.safetensors: the same bits as it has\n"
                        "B run again from epoch_0001_step_00000008.safetensors: the same bits as it has\n"
                        "first difference: step 9, layer conv3, backward_weight: accumulators\n"
                        "  element [0, 1, 2, 2] of [8, 3, 3, 3] (number 17): "));
  EXPECT_THAT(text, HasSubstr("; 1 of 216 elements differ"));
}

/// The files tell the fault late: by the state behind the epoch. Running the steps again tells which it was.
TEST_F(Bisect, FewHashesStillGiveTheStep) {
  Faulty faulty(pool_);
  make("few", nullptr, 4);
  make("b", &faulty, 4);
  const Bisection found = bisect(run("few"), run("b"), repeat(&faulty));
  EXPECT_THAT(found.lines.front(), "steps 9 to 11: one of them differs first");
  EXPECT_EQ(found.step, bad_step);
  ASSERT_TRUE(found.tensor);
  EXPECT_EQ(found.tensor->phase, "backward_weight");
}

TEST_F(Bisect, WithoutTheFaultyMachineTheOddOneIsNamed) {
  Faulty faulty(pool_);
  make("b", &faulty, 1);
  const Bisection found = bisect(run("a"), run("b"), repeat(nullptr));
  EXPECT_EQ(found.step, bad_step);
  EXPECT_FALSE(found.tensor);
  EXPECT_THAT(base::joined(found.lines, "\n"),
              HasSubstr("\nB is the odd one: from its own state this program computes the bits of A."));
  const Bisection turned = bisect(run("b"), run("a"), repeat(nullptr));
  EXPECT_THAT(base::joined(turned.lines, "\n"),
              HasSubstr("\nA is the odd one: from its own state this program computes the bits of B."));
}

TEST_F(Bisect, EqualRunsSaySoAndEndWithZero) {
  make("b", nullptr, 0);
  tests::ProgramRun found = program("a a");
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_EQ(found.out, "A: a\nB: a\nequal: 12 steps\n");
  EXPECT_EQ(program("b a").out, "A: b\nB: a\nequal: 12 steps, by their losses\n");
  emu::TrainingOptions part = options("part");
  part.hashes_every = 1;
  train_until(part, 9);  // an epoch of 6, its test of 3 batches
  found = program("part a");
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_THAT(found.out, HasSubstr("\nB goes on for "));
}

TEST_F(Bisect, OtherConfigsAndDataAreToldAtOnce) {
  emu::TrainingOptions other = options("b");
  other.config.seed = 8;
  other.config.batch = 15;
  train(other);
  tests::ProgramRun found = program("a b");
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_EQ(found.out,
            "A: a\nB: b\nthe configs differ, so these are two runs:\n"
            "  config.json /batch: 16 in A, 15 in B\n  config.json /seed: 7 in A, 8 in B\n");
  copy("a", "data_of_others");
  edit("data_of_others/run.json", "t10k-labels-idx1-ubyte\": \"", "t10k-labels-idx1-ubyte\": \"0");
  found = program("a data_of_others");
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.out,
              HasSubstr("the data differ, so these are two runs:\n  data: t10k-labels-idx1-ubyte has"));
}

/// A hash in the files alone: the step computed again says whose it is.
TEST_F(Bisect, AChangedRowIsFoundByTheFilesAndByRunningItAgain) {
  copy("a", "b");
  const std::string row = hash_row("b", 7);  // step, conv1 (weight, bias), conv2, conv3, ...
  std::string changed = row;
  const std::size_t place = 2 + 4 * 9;  // "7," and four hashes with commas: conv3.weight
  changed.replace(place, 8, "00000000");
  edit("b/hashes.csv", row, changed);
  const std::string files =
      "A: a\nB: b\nstep 7 differs first; the state before it is equal\n  its loss is equal: ";
  tests::ProgramRun found = program("a b --files");
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.out, StartsWith(files));
  EXPECT_THAT(found.out, HasSubstr("differ behind it: conv3.weight\n"));
  EXPECT_THAT(found.out, Not(HasSubstr("run again")));
  base::write_whole_file(folder_ / "wrapper",
                         "#!/bin/sh\ntouch was_asked\nexec " QUATRAIN_PROGRAM " \"$@\"\n");
  std::filesystem::permissions(folder_ / "wrapper", std::filesystem::perms::owner_all);
  found = program("a b --program-b ./wrapper");
  EXPECT_EQ(found.exit_code, 1) << found.err;
  EXPECT_THAT(found.out, StartsWith(files));
  EXPECT_THAT(found.out, HasSubstr("A run again from epoch_0001.safetensors: the same bits as it has\n"
                                   "B run again from epoch_0001.safetensors: not the bits that it has\n"
                                   "B is the odd one: "));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "was_asked"));
}

/// A checkpoint that was edited is whole when its hash was too; the run that goes on from it is another one.
TEST_F(Bisect, AnEditedCheckpointIsNamedWithItsElement) {
  copy("a", "b");
  const std::filesystem::path file = folder_ / "b/checkpoints/epoch_0001.safetensors";
  emu::Network network(tests::tiny_config(), emu::SimdPath::portable);
  emu::Checkpoint checkpoint = emu::read_checkpoint(file, network.state());
  emu::Parameter& weight = *network.parameters()[2];
  ASSERT_EQ(weight.name, "conv2.weight");
  weight.value[100] = 0.5F;
  checkpoint.state_hash = emu::state_hash(network.state(), checkpoint.step, checkpoint.epoch);
  emu::write_checkpoint(file.parent_path(), checkpoint, network.state());
  for (const char* later : {"epoch_0001_step_00000008.safetensors", "epoch_0002.safetensors"})
    std::filesystem::remove(file.parent_path() / later);
  emu::TrainingOptions resumed = options("b");
  resumed.resumes = true;
  resumed.hashes_every = 1;
  train(resumed);
  const tests::ProgramRun found = program("a b");
  EXPECT_EQ(found.exit_code, 1) << found.err;
  EXPECT_THAT(found.out, StartsWith("A: a\nB: b\nstep 6 differs first; the state before it is equal\n"));
  EXPECT_THAT(found.out, HasSubstr("\nB went on from a checkpoint that is not its own: b/checkpoints/"
                                   "epoch_0001.safetensors: has state_hash "));
  EXPECT_THAT(found.out,
              HasSubstr("\n  first difference of the two files: conv2.weight, element [2, 3, 0, 1] of "
                        "[6, 4, 3, 3] (number 100): "));
  EXPECT_THAT(found.out, HasSubstr(" in A, 0.5 (3f000000) in B; 1 of 216 elements differ\n"));
}

TEST_F(Bisect, BadInputIsOneLine) {
  const auto expect = [&](const std::string& arguments, const std::string& line) {
    const tests::ProgramRun found = program(arguments);
    EXPECT_EQ(found.exit_code, 2) << arguments;
    EXPECT_EQ(found.err, "error: " + line + "\n");
  };
  expect("a nothing", "nothing: no config.json here; expected the run directory of a training");
  copy("a", "b");
  const std::string row = hash_row("b", 7);
  edit("b/hashes.csv", row, "7,0123");
  expect("a b", "b/hashes.csv: line 9: '0123'; expected a hash of 8 hexadecimal digits");
  edit("b/hashes.csv", "7,0123", "5" + row.substr(1));
  expect("a b", "b/hashes.csv: line 9: step 5 stands behind step 6; expected steps in order");
  edit("b/hashes.csv", "5" + row.substr(1), "7," + std::string("00000000") + row.substr(10));
  expect("a b --program-b ./none", "./none: cannot be started; expected this program there");
  expect("a b --machine-b nobody.knows",
         "b: its step 7 cannot be run again: nobody.knows cannot run here: it is no machine's name");
}

/// Recounted with the table in place of the processor's instruction.
TEST(StepHashes, AreThoseOfTheGuide) {
  emu::Parameter parameter = emu::make_parameter("fc.weight", {40000});
  for (std::size_t i = 0; i < parameter.value.size(); ++i) {
    parameter.value[i] = static_cast<float>(i);
    parameter.momentum[i] = -static_cast<float>(i) / 3;
  }
  emu::State state{"bn.running_mean", {3}, {1, 2, 3}};
  const std::vector<emu::LayerState> layers = {{{&parameter}, {}}, {{}, {&state}}};
  EXPECT_EQ(emu::hashed_tensors(layers), (std::vector<std::string>{"fc.weight", "bn.running_mean"}));
  const auto bytes = [](const std::vector<float>& values) {
    return traces::bytes_of(std::span<const float>(values));
  };
  std::vector<std::uint32_t> words;
  for (const std::vector<float>* values : {&parameter.value, &parameter.momentum})
    for (std::size_t begin = 0; begin < 160000; begin += 65536)
      words.push_back(traces::crc32c_by_table(
          bytes(*values).subspan(begin, std::min<std::size_t>(65536, 160000 - begin))));
  ASSERT_EQ(words.size(), 6U);
  const std::vector<std::uint32_t> of_state = {traces::crc32c_by_table(bytes(state.value))};
  const auto hash = [](const std::vector<std::uint32_t>& all) {
    return traces::crc32c_by_table(traces::bytes_of(std::span<const std::uint32_t>(all)));
  };
  for (const unsigned threads : {1U, 3U}) {
    base::ThreadPool pool(threads);
    EXPECT_EQ(emu::hash_tensors(layers, pool), (std::vector<std::uint32_t>{hash(words), hash(of_state)}));
  }
}

}  // namespace
}  // namespace quatrain::sim::bisect
