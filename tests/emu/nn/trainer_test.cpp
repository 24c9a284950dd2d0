#include "emu/nn/trainer.hpp"

#include "emu/data/batches.hpp"
#include "emu/nn/checkpoint.hpp"
#include "emu/nn/loss.hpp"
#include "emu/nn/network.hpp"
#include "emu/nn/optimizer.hpp"
#include "emu/nn/state_hash.hpp"
#include "tests/emu/data/read_set.hpp"
#include "tests/emu/nn/tiny_run.hpp"
#include "tests/support/forced_path.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/training_by_text.hpp"
#include "traces/format/checksum.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

namespace quatrain::emu {
namespace {

using base::read_whole_file;
using tests::message_of;
using tests::tiny_steps_per_epoch;

class Trainer : public tests::TinyRun {
 protected:
  /// Rows without their seconds.
  static std::string metrics_of(const std::filesystem::path& run) {
    std::string text;
    for (const EpochMetrics& m : read_epochs(run))
      text += fmt::format("{} {} {} {} {} {} {}\n", m.epoch, m.step, m.train_loss, m.test_loss,
                          m.test_accuracy_percent, m.learning_rate, m.state_hash);
    return text;
  }
};

TEST_F(Trainer, SameStateForAnyThreadsAndPath) {
  const std::vector<std::string> expected = hashes(train(options("first")).epochs);
  ASSERT_EQ(expected.size(), 2U);
  EXPECT_NE(expected[0], expected[1]);
  const tests::ForcedPath unknown("sse9");  // the options decide, nothing else is asked
  for (const SimdPath path : supported_paths())
    for (const unsigned threads : {1U, 2U, 7U}) {
      TrainingOptions again = options(fmt::format("{}_{}", name_of(path), threads));
      again.path = path;
      again.threads = threads;
      EXPECT_EQ(hashes(train(again).epochs), expected) << name_of(path) << ", " << threads << " threads";
      EXPECT_EQ(metrics_of(again.run_directory), metrics_of(folder_ / "first"));
      const std::string log = read_whole_file(again.run_directory / "log.txt");
      EXPECT_NE(log.find(fmt::format("SIMD path {}\n", name_of(path))), std::string::npos) << log;
    }
}

/// Figures and bits of an fp32 run, from docs/training-step.md by other code, on every path.
TEST_F(Trainer, AnFp32RunIsThatOfTheText) {
  const tests::RunByText expected =
      tests::train_by_text(nlohmann::json::parse(tests::tiny_config_text), folder_ / "data");
  for (const SimdPath path : supported_paths()) {
    TrainingOptions run = options(std::string(name_of(path)));
    run.config = with_overrides(run.config, {.quantize = Recipe::fp32}, "");
    run.path = path;
    run.threads = 3;
    const std::vector<EpochMetrics> epochs = train(run).epochs;
    ASSERT_EQ(epochs.size(), expected.epochs.size());
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      const tests::EpochByText& epoch = expected.epochs[i];
      EXPECT_EQ(epochs[i].epoch, static_cast<std::int64_t>(i) + 1);
      EXPECT_EQ(epochs[i].step, epoch.step);
      EXPECT_EQ(epochs[i].train_loss, epoch.train_loss);
      EXPECT_EQ(epochs[i].test_loss, epoch.test_loss);
      EXPECT_EQ(epochs[i].test_accuracy_percent, 100.0 * static_cast<double>(epoch.correct) / 25);
      EXPECT_EQ(epochs[i].learning_rate, epoch.learning_rate);
      EXPECT_EQ(epochs[i].state_hash, traces::sha256_hex(epoch.state_bytes));
    }
    EXPECT_EQ(read_step_losses(run.run_directory), expected.step_losses);
  }
}

TEST_F(Trainer, SeedAndRecipeDecideTheState) {
  std::set<std::string> states = {train(options("first")).epochs[0].state_hash};
  for (const TrainingOverrides& overrides :
       {TrainingOverrides{.seed = 8}, TrainingOverrides{.quantize = Recipe::nearest},
        TrainingOverrides{.quantize = Recipe::fp32}}) {
    TrainingOptions other = options(fmt::format("run_{}", states.size()));
    other.config = with_overrides(other.config, overrides, "");
    states.insert(train(other).epochs[0].state_hash);
  }
  EXPECT_EQ(states.size(), 4U);
}

TEST_F(Trainer, InterruptedAndResumedIsTheSameRun) {
  train(options("whole"));
  // in the first epoch; in its evaluation; in the second epoch
  for (const int step : {0, 4, 7, 12}) {
    TrainingOptions resumed = options(fmt::format("stopped_{}", step));
    train_until(resumed, step);
    const RunFile stopped = read_run_file(resumed.run_directory).value();
    EXPECT_EQ(stopped.state, RunState::interrupted);
    EXPECT_EQ(stopped.epochs, step < 9 ? 0 : 1);
    EXPECT_EQ(stopped.steps, step < 9 ? std::min(step, 6) : step - 3);  // an evaluation is 3 batches
    EXPECT_EQ(read_step_losses(resumed.run_directory).size(), static_cast<std::size_t>(stopped.steps));
    resumed.resumes = true;
    std::vector<std::int64_t> seen;
    resumed.epoch_ended = [&](const EpochMetrics& metrics) { seen.push_back(metrics.epoch); };
    train(resumed);
    EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(read_run_file(resumed.run_directory).value().state, RunState::finished);
    EXPECT_EQ(metrics_of(resumed.run_directory), metrics_of(folder_ / "whole"));
    EXPECT_EQ(read_whole_file(resumed.run_directory / "steps.csv"),
              read_whole_file(folder_ / "whole/steps.csv"));
    EXPECT_EQ(read_whole_file(resumed.run_directory / "checkpoints/epoch_0002.safetensors"),
              read_whole_file(folder_ / "whole/checkpoints/epoch_0002.safetensors"));
  }
}

TEST_F(Trainer, ResumedInsideAnEpochIsTheSameRun) {
  TrainingOptions whole = options("whole");
  whole.gradients_every = 2;
  whole.hashes_every = 1;
  train(whole);
  for (const int every : {1, 2, 4})
    for (const int step : {1, 3, 5, 7, 10, 14}) {  // an evaluation is 3 of them
      TrainingOptions resumed = options(fmt::format("stopped_{}_{}", every, step));
      resumed.gradients_every = 2;
      resumed.hashes_every = 1;
      resumed.checkpoint_every = every;
      train_until(resumed, step);
      resumed.resumes = true;
      train(resumed);
      EXPECT_EQ(metrics_of(resumed.run_directory), metrics_of(folder_ / "whole")) << every << " " << step;
      for (const char* file :
           {"steps.csv", "gradients.csv", "hashes.csv", "checkpoints/epoch_0002.safetensors"})
        EXPECT_EQ(read_whole_file(resumed.run_directory / file), read_whole_file(folder_ / "whole" / file))
            << every << " " << step;
    }
}

/// With a checkpoint after every fourth step the run that stopped after five goes on with the fifth.
TEST_F(Trainer, OnlyTheStepsBehindTheCheckpointAreTrainedAgain) {
  TrainingOptions run = options("run");
  run.checkpoint_every = 4;
  train_until(run, 5);
  EXPECT_EQ(tests::contents(run.run_directory / "checkpoints"),
            (std::set<std::string>{"epoch_0000_step_00000004.safetensors"}));
  base::write_whole_file(run.run_directory / "checkpoints/epoch_0001.safetensors.partial-1-0", "half");
  run.resumes = true;
  train(run);
  EXPECT_NE(read_whole_file(run.run_directory / "log.txt").find("resumed after epoch 0 at step 4,"),
            std::string::npos);
  EXPECT_EQ(tests::contents(run.run_directory / "checkpoints"),
            (std::set<std::string>{"epoch_0000_step_00000004.safetensors", "epoch_0001.safetensors",
                                   "epoch_0001_step_00000008.safetensors", "epoch_0002.safetensors"}))
      << "what a kill left is gone";
}

TEST_F(Trainer, TheNewestCheckpointsAreKeptAlone) {
  TrainingOptions run = options("run");
  run.checkpoint_every = 2;
  run.keep_checkpoints = 2;
  train(run);
  EXPECT_EQ(tests::contents(run.run_directory / "checkpoints"),
            (std::set<std::string>{"epoch_0001_step_00000010.safetensors", "epoch_0002.safetensors"}));
}

/// The epochs before it keep their rates: 2 and then 4 epochs are another run than 4.
TEST_F(Trainer, AFinishedRunTakesMoreEpochs) {
  TrainingOptions run = options("run");
  train(run);
  const std::string first = metrics_of(run.run_directory);
  run.resumes = true;
  run.config.epochs = 4;
  const std::vector<std::string> longer = hashes(train(run).epochs);
  ASSERT_EQ(longer.size(), 4U);
  EXPECT_TRUE(metrics_of(run.run_directory).starts_with(first));
  EXPECT_EQ(read_run_file(run.run_directory)->of_epochs, 4);
  EXPECT_NE(read_whole_file(run.run_directory / "config.json").find("\"epochs\": 4"), std::string::npos);
  TrainingOptions again = options("again");
  train(again);
  again.resumes = true;
  again.config.epochs = 4;
  train_until(again, 12);  // 6 steps and the 3 batches of an evaluation, then 3 steps
  EXPECT_EQ(hashes(train(again).epochs), longer) << "stopped on the way, and resumed";
  TrainingOptions at_once = options("at_once");
  at_once.config.epochs = 4;
  EXPECT_NE(hashes(train(at_once).epochs), longer);
}

/// Fine-tuning: another recipe and schedule go on from the weights of a run.
TEST_F(Trainer, BeginsWithTheWeightsOfAnotherRun) {
  const std::vector<std::string> first = hashes(train(options("luq")).epochs);
  const auto tuned = [&](const std::string& name, const std::filesystem::path& weights) {
    TrainingOptions run = options(name);
    nlohmann::json json = nlohmann::json::parse(tests::tiny_config_text);
    json["quantize"] = {{"forward", "sawb_weight"}, {"gradient", "none"}};
    json["learning_rate"] = {{"schedule", "triangular"}, {"from", 0}, {"peak", 0.01}};
    run.config = read_training_config(base::JsonNode::parse(json.dump(), "c.json"));
    run.weights = weights;
    return run;
  };
  const std::vector<std::string> whole = hashes(train(tuned("tuned", folder_ / "luq")).epochs);
  const std::filesystem::path last = folder_ / "luq/checkpoints/epoch_0002.safetensors";
  EXPECT_EQ(hashes(train(tuned("from_file", last)).epochs), whole);
  EXPECT_NE(hashes(train(tuned("from_start", "")).epochs), whole);
  EXPECT_NE(read_whole_file(folder_ / "tuned/log.txt").find("begins with the weights of " + last.string()),
            std::string::npos);
  Network network(tests::tiny_config(), SimdPath::portable), begun(tests::tiny_config(), SimdPath::portable);
  read_checkpoint(last, network.state());
  read_checkpoint(folder_ / "tuned/checkpoints/epoch_0000.safetensors", begun.state());
  for (std::size_t i = 0; i < begun.parameters().size(); ++i) {
    EXPECT_EQ(begun.parameters()[i]->value, network.parameters()[i]->value);
    EXPECT_EQ(begun.parameters()[i]->momentum, std::vector<float>(begun.parameters()[i]->value.size(), 0.0F));
  }
  TrainingOptions resumed = tuned("resumed", folder_ / "luq");
  train_until(resumed, 3);  // before its first checkpoint
  resumed.resumes = true;
  EXPECT_EQ(hashes(train(resumed).epochs), whole);
}

TEST_F(Trainer, WeightsOfAnotherNetworkAreRefused) {
  train(options("luq"));
  TrainingOptions run = options("other");
  run.weights = folder_ / "nowhere";
  EXPECT_EQ(message_of([&] { train(run); }),
            run.weights.string() +
                ": no checkpoint is here; expected a run directory, or a file of its checkpoints");
  EXPECT_FALSE(std::filesystem::exists(run.run_directory));
  nlohmann::json json = nlohmann::json::parse(tests::tiny_config_text);
  json["layers"][5]["out_features"] = 12;
  run.config = read_training_config(base::JsonNode::parse(json.dump(), "c.json"));
  run.weights = folder_ / "luq";
  EXPECT_EQ(
      message_of([&] { train(run); }),
      (folder_ / "luq/checkpoints/epoch_0002.safetensors").string() +
          ": holds no tensor 'fc1.weight' of shape [12, 392]; expected the weights of the same network");
  EXPECT_FALSE(std::filesystem::exists(run.run_directory));
}

/// Hindsight maxima are state: they stand in checkpoints, and a resumed run goes on with them.
TEST_F(Trainer, HindsightMaximaAreResumed) {
  const auto hindsight = [&](const std::string& name) {
    TrainingOptions run = options(name);
    const nlohmann::json rules = {{{"layers", "*"}, {"maximum", "hindsight"}}};
    nlohmann::json json = nlohmann::json::parse(tests::tiny_config_text);
    json["quantize"]["rules"] = rules;
    run.config = read_training_config(base::JsonNode::parse(json.dump(), "c.json"));
    return run;
  };
  const std::vector<std::string> whole = hashes(train(hindsight("hindsight")).epochs);
  EXPECT_NE(whole, hashes(train(options("measured")).epochs));
  TrainingOptions resumed = hindsight("resumed");
  train_until(resumed, 12);  // in the second epoch
  resumed.resumes = true;
  EXPECT_EQ(hashes(train(resumed).epochs), whole);
  EXPECT_NE(
      read_whole_file(folder_ / "hindsight/checkpoints/epoch_0001.safetensors").find("\"fc1.hindsight\""),
      std::string::npos);
}

/// Augmented images are drawn by their number: neither threads nor a resumption change them.
TEST_F(Trainer, AugmentationIsTheSameForAnyThreadsAndResumed) {
  const auto augmented = [&](const std::string& name) {
    TrainingOptions run = options(name);
    run.config.data.augmentation = {.shift = 2, .flip = true};
    return run;
  };
  const std::vector<std::string> whole = hashes(train(augmented("whole")).epochs);
  EXPECT_NE(whole, hashes(train(options("plain")).epochs));
  TrainingOptions threads = augmented("threads");
  threads.threads = 3;
  EXPECT_EQ(hashes(train(threads).epochs), whole);
  TrainingOptions resumed = augmented("resumed");
  train_until(resumed, 12);
  resumed.resumes = true;
  EXPECT_EQ(hashes(train(resumed).epochs), whole);
}

TEST_F(Trainer, ResumesFromTheNewestWholeCheckpoint) {
  TrainingOptions run = options("run");
  const std::string expected = (train(run), metrics_of(run.run_directory));
  const std::filesystem::path newest = run.run_directory / "checkpoints/epoch_0002.safetensors";
  std::string bytes = read_whole_file(newest);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  base::write_whole_file(newest, bytes);
  run.resumes = true;
  std::string noted;
  run.noted = [&](std::string_view text) { noted = text; };
  train(run);  // from epoch 1; both tables are cut to it
  EXPECT_EQ(noted, "a damaged checkpoint is skipped: " + newest.string() +
                       ": the contents do not have the state_hash that the header states");
  EXPECT_EQ(metrics_of(run.run_directory), expected);
  EXPECT_EQ(read_step_losses(run.run_directory).size(), 12U);
  train(run);  // nothing is left to do
  EXPECT_EQ(metrics_of(run.run_directory), expected);
}

TEST_F(Trainer, ARunWithoutItsCheckpointsIsNotStartedAgainInSilence) {
  TrainingOptions run = options("run");
  train(run);
  const std::string before = metrics_of(run.run_directory);
  const std::filesystem::path checkpoints = run.run_directory / "checkpoints";
  run.resumes = true;
  for (const char* file : {"epoch_0001.safetensors", "epoch_0002.safetensors"})
    base::write_whole_file(checkpoints / file, "junk");
  EXPECT_EQ(message_of([&] { train(run); }), "no whole checkpoint is left; " +
                                                 (checkpoints / "epoch_0002.safetensors").string() +
                                                 ": ends at byte 4; expected a header's length of 8 bytes");
  std::filesystem::remove_all(checkpoints);
  EXPECT_EQ(message_of([&] { train(run); }),
            checkpoints.string() + ": no checkpoint is here; expected one of epoch 2 or before");
  EXPECT_EQ(metrics_of(run.run_directory), before);
}

TEST_F(Trainer, ResumingNeedsWholeTables) {
  TrainingOptions run = options("run");
  train(run);
  run.resumes = true;
  const std::filesystem::path steps = run.run_directory / "steps.csv";
  const std::string text = read_whole_file(steps);
  const std::size_t second = text.find("\n1,");
  base::write_whole_file(steps, text.substr(0, second) + text.substr(text.find('\n', second + 1)));
  EXPECT_EQ(message_of([&] { train(run); }), steps.string() + ": line 3: step 2; expected 1");
  base::write_whole_file(steps, text.substr(0, text.find("\n11,") + 1));
  EXPECT_EQ(message_of([&] { train(run); }),
            steps.string() + ": 11 rows; the newest checkpoint is of step 12");
}

TEST_F(Trainer, ResumingNeedsTheSameConfigAndData) {
  TrainingOptions run = options("run");
  train(run);
  run.resumes = true;
  std::filesystem::create_directory(folder_ / "other");
  tests::write_synthetic_half(folder_ / "other", "train", 90, 1, {});
  tests::write_synthetic_half(folder_ / "other", "t10k", 25, 3, {});  // of the same size
  run.data = folder_ / "other";
  const auto sum = [&](const char* folder) {
    return traces::sha256_of_file(folder_ / folder / "t10k-images-idx3-ubyte");
  };
  EXPECT_EQ(
      message_of([&] { train(run); }),
      fmt::format(
          "{}: the run was trained on other data: t10k-images-idx3-ubyte has SHA-256 {} there and {} in {}",
          (run.run_directory / "run.json").string(), sum("data"), sum("other"), run.data.string()));
  std::filesystem::remove(run.run_directory / "run.json");  // the checkpoint knows it too
  EXPECT_TRUE(
      message_of([&] { train(run); })
          .starts_with((run.run_directory / "checkpoints").string() +
                       ": the checkpoint of epoch 2 was trained on other data: expected data_sha256 "));
}

TEST_F(Trainer, AnEpochLowersTheLoss) {
  TrainingOptions run = options("run");
  run.config.epochs = 8;
  const std::vector<EpochMetrics> epochs = train(run).epochs;
  EXPECT_LT(epochs.back().train_loss, 0.5F * epochs.front().train_loss);
  EXPECT_LT(epochs.back().test_loss, 0.5F * epochs.front().test_loss);
  EXPECT_GT(epochs.back().test_accuracy_percent, 80);
}

TEST_F(Trainer, ARunDirectoryHoldsWhatTheArchitectureSays) {
  const TrainingOptions run = options("run");
  train(run);
  EXPECT_EQ(tests::contents(run.run_directory),
            (std::set<std::string>{"checkpoints", "checkpoints/epoch_0001.safetensors",
                                   "checkpoints/epoch_0002.safetensors", "config.json", "log.txt",
                                   "metrics.csv", "run.json", "steps.csv"}));
  EXPECT_EQ(read_whole_file(run.run_directory / "config.json"), dump_training_config(run.config));
}

TEST_F(Trainer, BadDataLeaveNothing) {
  TrainingOptions run = options("run");
  run.data = folder_ / "absent";
  EXPECT_EQ(message_of([&] { train(run); }),
            run.data.string() +
                ": no such folder; expected the four IDX files of Fashion-MNIST (Debian package "
                "dataset-fashion-mnist)");
  EXPECT_FALSE(std::filesystem::exists(run.run_directory));
}

/// One message for one cause, whatever the arithmetic met first; and the table holds what led to it.
TEST_F(Trainer, ADivergingRunSaysSoWithTheWayOfItsLoss) {
  std::set<std::string> are_told;
  for (const auto& [recipe, rate] :
       {std::pair(Recipe::fp32, 1e30), {Recipe::luq, 1e30}, {Recipe::luq, 30.0}}) {
    TrainingOptions run = options(fmt::format("{}_{}", name_of(recipe), rate));
    run.config = with_overrides(run.config, {.epochs = 40, .quantize = recipe}, "");
    run.config.learning_rate.from = run.config.learning_rate.to = rate;
    const std::string message = message_of([&] { train(run); });
    const std::vector<float> losses = read_step_losses(run.run_directory);
    ASSERT_FALSE(losses.empty());
    const auto largest = std::max_element(losses.begin(), losses.end());
    const std::string way = losses.size() == 1
                                ? fmt::format("was {:.4g} at step 0", losses.front())
                                : fmt::format("grew from {:.4g} at step 0 to {:.4g} at step {}",
                                              losses.front(), *largest, largest - losses.begin());
    are_told.insert(way.substr(0, 4));
    EXPECT_TRUE(message.starts_with(
        fmt::format("tiny: step {}: the training diverges: the loss {}, then ", losses.size(), way)))
        << message;
    EXPECT_TRUE(message.ends_with("; a smaller learning rate may help")) << message;
    EXPECT_NE(read_whole_file(run.run_directory / "log.txt").find("stopped: " + message), std::string::npos);
    const RunFile file = read_run_file(run.run_directory).value();
    EXPECT_EQ(file.state, RunState::stopped);
    EXPECT_EQ(file.reason, message);
    EXPECT_EQ(file.of_epochs, 40);
    EXPECT_EQ(file.steps, static_cast<std::int64_t>(losses.size()));
  }
  EXPECT_EQ(are_told, (std::set<std::string>{"grew", "was "}));
}

TEST_F(Trainer, ARunThatDivergesLaterKeepsWhatItHad) {
  const std::string whole = train(options("whole")).epochs[0].state_hash;
  TrainingOptions run = options("run");
  run.checkpoint_every = 2;
  run.hashes_every = 1;
  LearningRateConfig& rate = run.config.learning_rate;
  rate = {};
  rate.schedule = Schedule::step;
  rate.from = 0.05;
  rate.factor = 1e30;  // of the second epoch
  rate.every = 1;
  const std::string message = message_of([&] { train(run); });
  EXPECT_TRUE(message.starts_with("tiny: step 7: the training diverges: the loss ")) << message;
  const std::vector<EpochMetrics> epochs = read_epochs(run.run_directory);
  ASSERT_EQ(epochs.size(), 1U);
  EXPECT_NE(epochs[0].state_hash, whole);  // another schedule
  Network network(run.config, run.path);
  EXPECT_EQ(
      read_checkpoint(run.run_directory / "checkpoints/epoch_0001.safetensors", network.state()).state_hash,
      epochs[0].state_hash);
  EXPECT_EQ(read_step_losses(run.run_directory).size(), 7U);
  EXPECT_EQ(read_hashes(run.run_directory).rows.size(), 7U);
  run.resumes = true;
  EXPECT_EQ(message_of([&] { train(run); }), message) << "it goes on from its checkpoint to the same end";
}

TEST_F(Trainer, ImagesThatLeaveTheRangeAtOnceAreNoDivergence) {
  TrainingOptions run = options("run");
  run.config.data.std = {1e-38};
  const std::string message = message_of([&] { train(run); });
  EXPECT_TRUE(message.starts_with("tiny: step 0: the first step leaves the range of fp32: ")) << message;
  EXPECT_TRUE(
      message.ends_with("; expected images of mean 0 and standard deviation 1 (/data/mean, /data/std)"))
      << message;
}

/// The first epoch in one thread, step by step; `spoil` may change what an update wrote.
std::string first_epoch_by_hand(const TrainingOptions& run,
                                const std::function<void(Parameter&, float rate)>& spoil) {
  const DataSet data = tests::read_set(run.data, run.config.data);
  const BatchMaker batches(*data.train, run.config.data);
  const std::vector<std::uint32_t> order =
      sample_order(run.config.seed, 0, static_cast<std::uint32_t>(data.train->count()));
  base::ThreadPool pool(1);
  StepContext context{.pool = pool, .seed = run.config.seed};
  Network network(run.config, run.path);
  for (std::size_t begin = 0; begin < order.size(); begin += 16, ++context.step) {
    const std::span<const std::uint32_t> samples =
        std::span(order).subspan(begin, std::min<std::size_t>(16, order.size() - begin));
    Tensor images, gradient;
    images.resize(static_cast<std::int64_t>(samples.size()), run.config.layers.front().input);
    std::vector<std::uint32_t> labels(samples.size());
    std::vector<float> losses(samples.size());
    batches.make(samples, TrainingPass{run.config.seed, 0}, images.values(), labels, pool);
    cross_entropy_with_gradient(network.forward(images, context), labels, losses, gradient);
    network.backward(gradient, context);
    const float rate =
        learning_rate_at(run.config.learning_rate, context.step, tiny_steps_per_epoch, run.config.epochs);
    Parameter before = *network.parameters()[2];
    update_parameters(network.parameters(), run.config.optimizer, rate, pool);
    if (spoil) {
      Parameter& after = *network.parameters()[2];
      after.value = before.value;
      spoil(after, rate);
    }
  }
  return state_hash(network.state(), tiny_steps_per_epoch, 1);
}

TEST_F(Trainer, APlantedRoundingInOneLayerChangesTheState) {
  const TrainingOptions run = options("run");
  const std::string clean = train(run).epochs[0].state_hash;
  EXPECT_EQ(first_epoch_by_hand(run, {}), clean);
  const auto by_the_text = [](Parameter& p, float rate) {
    for (std::size_t i = 0; i < p.value.size(); ++i) p.value[i] = p.value[i] - rate * p.momentum[i];
  };
  EXPECT_EQ(first_epoch_by_hand(run, by_the_text), clean);
  const auto contracted = [](Parameter& p, float rate) {  // conv2's weight: one rounding instead of two
    for (std::size_t i = 0; i < p.value.size(); ++i) p.value[i] = std::fma(-rate, p.momentum[i], p.value[i]);
  };
  EXPECT_NE(first_epoch_by_hand(run, contracted), clean);
}

}  // namespace
}  // namespace quatrain::emu
