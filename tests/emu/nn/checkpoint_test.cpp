#include "emu/nn/checkpoint.hpp"

#include "emu/nn/state_hash.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>

namespace quatrain::emu {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using tests::message_of;

struct Fc {
  Parameter weight{.name = "fc.weight", .shape = {1, 1}, .value = {1}, .gradient = {0}, .momentum = {0.25F}};
  Parameter bias{.name = "fc.bias", .shape = {1}, .value = {0.5F}, .gradient = {0}, .momentum = {-0.25F}};
  std::vector<LayerState> layers() { return {{.parameters = {&weight, &bias}, .states = {}}}; }
  std::vector<Parameter*> parameters() { return {&weight, &bias}; }
};

class Checkpoints : public testing::Test {
 protected:
  void write(std::uint64_t epoch) const {
    Fc state;
    write_checkpoint(folder_.path(),
                     {epoch, 938 * epoch, state_hash(state.layers(), 938 * epoch, epoch), "data"},
                     state.layers());
  }
  std::filesystem::path file(unsigned epoch) const {
    return folder_ / fmt::format("epoch_{:04}.safetensors", epoch);
  }
  std::string complaint(Fc& state) const {
    return message_of([&] { read_checkpoint(file(1), state.layers()); });
  }
  /// Replaces the first occurrence of `from`, of the same length.
  /// Epoch 1's file, whole but for this.
  void write_damaged(const std::string& from, const std::string& to) const {
    write(1);
    std::string bytes = read_whole_file(file(1));
    ASSERT_EQ(from.size(), to.size());
    ASSERT_NE(bytes.find(from), std::string::npos);
    bytes.replace(bytes.find(from), from.size(), to);
    write_whole_file(file(1), bytes);
  }

  tests::Folder folder_;
};

TEST_F(Checkpoints, ExampleOfTheText) {  // docs/training-step.md section 14
  write(1);
  const std::string bytes = read_whole_file(file(1));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0U);
  const std::string expected =
      R"({"__metadata__":{"format":"quatrain-checkpoint/1","epoch":"1","step":"938","state_hash":"18800fc1)";
  EXPECT_EQ(bytes.substr(8, expected.size()), expected);
  EXPECT_EQ(bytes.substr(8 + length),
            std::string("\x00\x00\x80\x3f\x00\x00\x80\x3e\x00\x00\x00\x3f\x00\x00\x80\xbe", 16));
}

TEST_F(Checkpoints, ReadBackWhatWasWritten) {
  write(1);
  Fc state;
  for (Parameter* parameter : state.parameters()) parameter->value[0] = parameter->momentum[0] = 7;
  const Checkpoint checkpoint = read_checkpoint(file(1), state.layers());
  EXPECT_EQ(checkpoint.epoch, 1U);
  EXPECT_EQ(checkpoint.step, 938U);
  EXPECT_EQ(checkpoint.data_sha256, "data");
  EXPECT_EQ(state.weight.value[0], 1);
  EXPECT_EQ(state.weight.momentum[0], 0.25F);
  EXPECT_EQ(state.bias.value[0], 0.5F);
  EXPECT_EQ(state.bias.momentum[0], -0.25F);
}

TEST_F(Checkpoints, LayersMayHaveNamesThatATraceWouldNotGiveATensor) {
  Fc state;
  state.weight.name = "x_fc.weight";
  state.bias.name = "__fc.bias";
  write_checkpoint(folder_.path(), {1, 938, state_hash(state.layers(), 938, 1)}, state.layers());
  EXPECT_EQ(read_checkpoint(file(1), state.layers()).step, 938U);
}

TEST_F(Checkpoints, NewestWholeOneIsTaken) {
  Fc state;
  std::vector<std::string> skipped;
  EXPECT_FALSE(read_newest_checkpoint(folder_.path(), state.layers(), skipped).has_value());
  EXPECT_FALSE(read_newest_checkpoint(folder_ / "absent", state.layers(), skipped).has_value());
  for (const unsigned epoch : {1U, 2U, 10U}) write(epoch);
  EXPECT_EQ(read_newest_checkpoint(folder_.path(), state.layers(), skipped)->epoch, 10U);
  EXPECT_TRUE(skipped.empty());
  write_whole_file(file(10), read_whole_file(file(10)).substr(0, 100));
  EXPECT_EQ(read_newest_checkpoint(folder_.path(), state.layers(), skipped)->epoch, 2U);
  ASSERT_EQ(skipped.size(), 1U);
  EXPECT_TRUE(skipped[0].starts_with(file(10).string())) << skipped[0];
  write_whole_file(file(2), "");
  write_whole_file(file(1), "junk");
  skipped.clear();
  const std::string message =
      tests::message_of([&] { read_newest_checkpoint(folder_.path(), state.layers(), skipped); });
  EXPECT_EQ(message, "no whole checkpoint is left; " + skipped.at(0));
  EXPECT_EQ(skipped.size(), 3U);
}

TEST_F(Checkpoints, CutAtAnyByteIsDamaged) {
  write(1);
  const std::string bytes = read_whole_file(file(1));
  Fc state;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::ofstream(file(1), std::ios::binary) << bytes.substr(0, size);
    EXPECT_NE(complaint(state), "nothing was thrown") << size << " bytes";
  }
}

TEST_F(Checkpoints, DamageIsNamed) {
  Fc state;
  const std::string name = file(1).string();
  EXPECT_EQ(complaint(state), name + ": cannot be read: No such file or directory");
  write_whole_file(file(1), "1234567");
  EXPECT_EQ(complaint(state), name + ": ends at byte 7; expected a header's length of 8 bytes");
  write_damaged(std::string("\x00\x00\x80\x3e", 4), std::string("\x01\x00\x80\x3e", 4));
  EXPECT_EQ(complaint(state), name + ": the contents do not have the state_hash that the header states");
  write_damaged("checkpoint/1", "checkpoint/2");
  EXPECT_EQ(complaint(state), name +
                                  ": header: /__metadata__/format: found 'quatrain-checkpoint/2'; expected "
                                  "'quatrain-checkpoint/1'");
  write_damaged("\"938\"", "\"9x8\"");
  EXPECT_EQ(complaint(state), name + ": header: /__metadata__/step: found '9x8'; expected a count");
  write_damaged("F32", "F16");
  EXPECT_EQ(complaint(state),
            name + ": header: /fc.weight/dtype: found 'F16'; expected 'F32', 'I32' or 'U8'");
  write_damaged("F32", "I32");
  EXPECT_EQ(complaint(state),
            name + ": tensor 'fc.weight': found I32 [1, 1]; expected F32 [1, 1] as the config gives");
  write_damaged("[12,16]", "[16,20]");
  EXPECT_EQ(complaint(state), name +
                                  ": tensor 'fc.bias.momentum' begins at byte 16 of the data; expected 12, "
                                  "no gap and no overlap");
  write_damaged("\"step\"", "\"stop\"");
  EXPECT_EQ(complaint(state), name + ": header: /__metadata__: the key 'step' is missing");
}

TEST_F(Checkpoints, NothingElseStandsInThem) {
  Fc state;
  const std::string name = file(1).string();
  write(1);
  std::string bytes = read_whole_file(file(1));
  write_whole_file(file(1), bytes + "more");
  EXPECT_EQ(complaint(state), name + ": the tensors take 16 bytes; found 20 behind the header");
  const std::string word = "\"step\":\"938\"";
  bytes.insert(bytes.find(word), "\"more\":\"\",");
  bytes.insert(bytes.find("}}") + 2, 6, ' ');
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  length += 16;
  std::memcpy(bytes.data(), &length, 8);
  write_whole_file(file(1), bytes);
  EXPECT_EQ(
      complaint(state),
      name +
          ": header: /__metadata__: found 6 keys; expected format, epoch, step, state_hash and data_sha256");
}

TEST_F(Checkpoints, OfAnotherNetworkAreRefused) {
  write(1);
  Fc state;
  state.weight.shape = {1};
  EXPECT_EQ(
      complaint(state),
      file(1).string() + ": tensor 'fc.weight': found F32 [1, 1]; expected F32 [1] as the config gives");
  state = Fc();
  state.bias.name = "fc.other";
  EXPECT_EQ(complaint(state),
            file(1).string() +
                ": tensor 'fc.bias': expected 'fc.other' here, as the config's layers follow each other");
  state = Fc();
  const std::vector<LayerState> half = {{.parameters = {&state.weight}, .states = {}}};
  EXPECT_EQ(message_of([&] { read_checkpoint(file(1), half); }),
            file(1).string() + ": holds 4 tensors; expected 2, those of the config's layers");
}

/// After a step inside an epoch: the losses of its images so far are there too, under a sum of their own.
class StepCheckpoints : public Checkpoints {
 protected:
  void write_step(std::uint64_t epoch, std::uint64_t step, std::vector<float> losses) const {
    Fc state;
    write_checkpoint(
        folder_.path(),
        {epoch, step, state_hash(state.layers(), step, epoch), "data", EpochSoFar{std::move(losses), 1.5}},
        state.layers());
  }
  std::filesystem::path step_file() const { return folder_ / "epoch_0001_step_00001000.safetensors"; }
};

TEST_F(StepCheckpoints, HoldTheEpochSoFar) {
  write_step(1, 1000, {0.5F, 2});
  Fc state;
  state.weight.value[0] = 7;
  const Checkpoint read = read_checkpoint(step_file(), state.layers());
  EXPECT_EQ(read.epoch, 1U);
  EXPECT_EQ(read.step, 1000U);
  ASSERT_TRUE(read.so_far);
  EXPECT_EQ(read.so_far->losses, (std::vector<float>{0.5F, 2}));
  EXPECT_EQ(read.so_far->seconds, 1.5);
  EXPECT_EQ(state.weight.value[0], 1);
  write(1);
  EXPECT_FALSE(read_checkpoint(file(1), state.layers()).so_far);
}

TEST_F(StepCheckpoints, AnotherLossIsNoticed) {
  write_step(1, 1000, {0.5F, 2});
  std::string bytes = read_whole_file(step_file());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_whole_file(step_file(), bytes);
  Fc state;
  EXPECT_EQ(message_of([&] { read_checkpoint(step_file(), state.layers()); }),
            step_file().string() + ": the losses do not have the losses_sha256 that the header states");
}

TEST_F(StepCheckpoints, TheNewestIsThatOfTheLastStep) {
  Fc state;
  std::vector<std::string> skipped;
  const auto newest = [&] { return read_newest_checkpoint(folder_.path(), state.layers(), skipped)->step; };
  write_step(0, 900, {1});
  EXPECT_EQ(newest(), 900U);
  write(1);
  EXPECT_EQ(newest(), 938U);
  write_step(1, 1000, {1});
  EXPECT_EQ(newest(), 1000U);
  write(2);
  EXPECT_EQ(newest(), 2U * 938);
  keep_newest(folder_.path(), 2);
  EXPECT_EQ(tests::contents(folder_.path()),
            (std::set<std::string>{"epoch_0001_step_00001000.safetensors", "epoch_0002.safetensors"}));
}

TEST_F(StepCheckpoints, AnotherRunBeginsWithItsWeights) {
  write_step(1, 1000, {1, 2, 3});
  Fc state;
  state.weight.value[0] = 7;
  EXPECT_EQ(start_from(step_file(), state.layers()).step, 1000U);
  EXPECT_EQ(state.weight.value[0], 1);
  EXPECT_EQ(state.weight.momentum[0], 0);
}

TEST_F(StepCheckpoints, WeightsThatAreNoNumbersAreNamed) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Fc held, state;
    held.weight.value[0] = bad;
    write_checkpoint(folder_.path(),
                     {1, 1000, state_hash(held.layers(), 1000, 1), "data", EpochSoFar{{1}, 1.5}},
                     held.layers());
    EXPECT_EQ(message_of([&] { start_from(step_file(), state.layers()); }),
              fmt::format("{}: tensor 'fc.weight': element 0 is {}; expected weights that are finite",
                          step_file().string(), bad));
  }
}

/// Behind the layer's parameters and momenta.
TEST_F(Checkpoints, HoldWhatIsNotTrainedToo) {
  Fc fc;
  State mean{"fc.running_mean", {2}, {3, 4}};
  const std::vector<LayerState> layers = {{.parameters = {&fc.weight}, .states = {&mean}},
                                          {.parameters = {&fc.bias}, .states = {}}};
  write_checkpoint(folder_.path(), {1, 9, state_hash(layers, 9, 1), "data"}, layers);
  mean.value = {0, 0};
  fc.bias.momentum = {0};
  read_checkpoint(file(1), layers);
  EXPECT_EQ(mean.value, (std::vector<float>{3, 4}));
  EXPECT_EQ(fc.bias.momentum[0], -0.25F);
  const std::string bytes = read_whole_file(file(1));
  EXPECT_NE(bytes.find(R"("fc.running_mean":{"dtype":"F32","shape":[2],"data_offsets":[8,16]})"),
            std::string::npos);
  mean.name = "fc.running_variance";
  EXPECT_EQ(
      message_of([&] { read_checkpoint(file(1), layers); }),
      file(1).string() +
          ": tensor 'fc.running_mean': expected 'fc.running_variance' here, as the config's layers follow "
          "each other");
}

}  // namespace
}  // namespace quatrain::emu
