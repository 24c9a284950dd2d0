#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/reference.hpp"
#include "emu/nn/trainer.hpp"
#include "tests/emu/nn/tiny_run.hpp"
#include "tests/support/forced_path.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/check.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/reader.hpp"

#include <algorithm>
#include <csignal>
#include <map>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

namespace quatrain::emu {
namespace {

using tests::message_of;
using traces::GemmRecord;
using traces::Pass;
using traces::QuantizerRecord;

class TrainerTrace : public tests::TinyRun {
 protected:
  TrainingOptions traced(const std::string& name, const std::string& steps = "first,middle,last") const {
    TrainingOptions run = options(name);
    run.trace = TraceRequest{.directory = {}, .steps = steps};
    return run;
  }
};

QuantizedTensor operand(const traces::TraceReader& trace, const std::string& id) {
  const QuantizerRecord& record = trace.manifest().quantizer(id);
  const traces::TensorRecord& codes = trace.manifest().tensors.at(record.codes);
  QuantizedTensor tensor;
  tensor.encoding = codes.encoding;
  tensor.codes = traces::unpack_nibbles(trace.read_codes(record.codes),
                                        static_cast<std::size_t>(traces::element_count(codes.shape)));
  tensor.scale = record.scale;
  return tensor;
}

TEST_F(TrainerTrace, PassesTheCheckAndChangesNothing) {
  const TrainingOptions run = traced("traced");
  const TrainingResult result = train(run);
  EXPECT_EQ(result.trace, run.run_directory / "trace");
  base::SilentProgress progress;
  traces::check_trace(*result.trace, progress);
  EXPECT_EQ(hashes(result.epochs), hashes(train(options("untraced")).epochs));
}

/// Every file of a folder, byte for byte.
std::map<std::string, std::string> bytes_of(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const std::string& name : tests::contents(directory))
    files[name] = base::read_whole_file(directory / name);
  return files;
}

TEST_F(TrainerTrace, AResumedRunGoesOnTracing) {
  const auto whole = bytes_of(*train(traced("whole", "1,3,4,8,11")).trace);
  for (const int every : {0, 2, 3})
    for (const int step : {1, 4, 5, 8, 13, 16}) {  // an evaluation is 3 of them
      TrainingOptions run = traced(fmt::format("stopped_{}_{}", every, step), "1,3,4,8,11");
      run.checkpoint_every = every;
      train_until(run, step);
      run.resumes = true;
      EXPECT_EQ(bytes_of(*train(run).trace), whole) << every << " " << step;
    }
}

/// In a process that ends in the middle of a step, with nothing said: what a kill leaves.
TEST_F(TrainerTrace, AKilledRunGoesOnTracing) {
  class Killed final : public base::Progress {
   public:
    explicit Killed(int at) : at_(at) {}
    void begin(std::string_view, std::uint64_t) override {}
    void update(std::uint64_t, std::string_view) override {
      if (++done_ == at_) ::raise(SIGKILL);
    }
    void finish() override {}

   private:
    int at_, done_ = 0;
  };
  const auto whole = bytes_of(*train(traced("whole", "1,3,4,8,11")).trace);
  for (const int step : {1, 2, 5, 9, 10, 15}) {
    TrainingOptions run = traced(fmt::format("killed_{}", step), "1,3,4,8,11");
    run.checkpoint_every = 2;
    const pid_t child = ::fork();
    if (child == 0) {
      Killed progress(step);
      emu::train(run, progress);
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << step;
    run.resumes = true;
    EXPECT_EQ(bytes_of(*train(run).trace), whole) << step;
  }
}

TEST_F(TrainerTrace, TheTraceOfAnotherRunIsNotGoneOnWith) {
  TrainingOptions run = traced("run");
  train_until(run, 8);
  TrainingOptions other = traced("other");
  other.config.seed += 1;
  train_until(other, 8);
  other.resumes = true;
  other.trace->directory = run.run_directory / "trace";
  EXPECT_EQ(message_of([&] { train(other); }),
            (run.run_directory / "trace").string() +
                ": is the trace of another run; expected one of this config and these data");
  EXPECT_TRUE(std::filesystem::exists(run.run_directory / "trace/manifest.json")) << "it stays as it was";
}

TEST_F(TrainerTrace, HoldsEveryQuantizedLayerAndPhaseOfTheChosenSteps) {
  const traces::TraceReader trace(*train(traced("run", "0,9,last")).trace);
  EXPECT_EQ(tests::contents(folder_ / "run/trace"),
            (std::set<std::string>{"SHA256SUMS", "manifest.json", "step_00000000.safetensors",
                                   "step_00000006.safetensors", "step_00000006_evaluation.safetensors",
                                   "step_00000009.safetensors", "step_00000012_evaluation.safetensors"}));
  std::vector<std::string> products;
  for (const GemmRecord& gemm : trace.manifest().gemms)
    products.push_back(fmt::format("{} {} {} {}", gemm.step, traces::name_of(gemm.pass), gemm.layer,
                                   traces::name_of(gemm.phase)));
  std::vector<std::string> expected;
  const auto add_train = [&](int step) {
    for (const int layer : {2, 3, 5}) expected.push_back(fmt::format("{} train {} forward", step, layer));
    for (const int layer : {5, 3, 2})
      for (const char* phase : {"backward_data", "backward_weight"})
        expected.push_back(fmt::format("{} train {} {}", step, layer, phase));
  };
  const auto add_evaluation = [&](int step) {
    for (const int layer : {2, 3, 5})
      expected.push_back(fmt::format("{} evaluation {} forward", step, layer));
  };
  add_train(0);
  add_evaluation(6);
  add_train(6);
  add_train(9);
  add_evaluation(12);
  EXPECT_EQ(products, expected);
  EXPECT_EQ(trace.manifest().quantizers.size(), 3U * (3 + 3 + 3 * 2) + 2U * (3 + 3));
  EXPECT_EQ(trace.manifest().run.model, "tiny");
  EXPECT_EQ(trace.manifest().run.seed, 7U);
  EXPECT_EQ(trace.manifest().run.config_sha256, traces::sha256_of_file(folder_ / "run/config.json"));
}

void expect_products_follow(const traces::TraceReader& trace, const traces::Accumulator& accumulator) {
  for (const GemmRecord& record : trace.manifest().gemms) {
    EXPECT_EQ(record.accumulator, accumulator);
    const traces::Gemm gemm{record.phase, geometry_of(trace.manifest(), record), accumulator};
    const QuantizedTensor left = operand(trace, record.left[0]);
    std::vector<QuantizedTensor> right;
    for (const std::string& id : record.right) right.push_back(operand(trace, id));
    std::vector<std::int32_t> accumulators(
        static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry)));
    multiply_reference(gemm, left, right, accumulators);
    ASSERT_EQ(trace.read_int32(record.accumulators.value()), accumulators);
    const float scale = product_scale(left.scale, right[0].scale, record.samples);
    EXPECT_EQ(record.scale, scale);
    std::vector<float> output;
    for (const std::int32_t sum : accumulators) output.push_back(static_cast<float>(sum) * scale);
    EXPECT_EQ(trace.read_fp32(record.output.value()), output);
    EXPECT_TRUE(std::any_of(output.begin(), output.end(), [](float element) { return element != 0; }));
  }
}

/// Sums that leave their accumulator change the training; each kind in its own way.
TEST_F(TrainerTrace, NarrowAccumulatorsAreThoseOfTheConfig) {
  using traces::Overflow;
  std::set<std::vector<std::string>> runs = {hashes(train(options("exact")).epochs)};
  for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
    const traces::Accumulator accumulator{9, overflow};
    TrainingOptions run = traced(std::string(name_of(overflow)));
    for (LayerConfig& layer : run.config.layers) layer.quantize.accumulator = accumulator;
    run.config.quantize.accumulator = accumulator;
    const TrainingResult result = train(run);
    expect_products_follow(traces::TraceReader(*result.trace), accumulator);
    TrainingOptions untraced = run;
    untraced.trace.reset();
    untraced.run_directory += "_untraced";
    EXPECT_EQ(hashes(train(untraced).epochs), hashes(result.epochs));
    runs.insert(hashes(result.epochs));
  }
  EXPECT_EQ(runs.size(), 3U);
}

TEST_F(TrainerTrace, ItsResultsFollowFromItsOperands) {
  const traces::TraceReader trace(*train(traced("run")).trace);
  expect_products_follow(trace, {});
  for (const QuantizerRecord& record : trace.manifest().quantizers) {
    const std::vector<float> source = trace.read_fp32(record.source.value());
    float largest = 0;
    for (const float element : source) largest = std::max(largest, std::abs(element));
    EXPECT_EQ(record.max, largest) << record.id;
  }
}

TEST_F(TrainerTrace, SameBytesForAnyThreadsAndPath) {
  const std::string sums = base::read_whole_file(*train(traced("first")).trace / "SHA256SUMS");
  const tests::ForcedPath unknown("sse9");  // the options decide, nothing else is asked
  for (const SimdPath path : supported_paths()) {
    TrainingOptions run = traced(std::string(name_of(path)));
    run.path = path;
    run.threads = 7;
    EXPECT_EQ(base::read_whole_file(*train(run).trace / "SHA256SUMS"), sums) << name_of(path);
  }
}

/// The sources that an fp32 run computes with, and the codes that the rules would make of them.
TEST_F(TrainerTrace, AnFp32RunLeavesItsSources) {
  TrainingOptions run = traced("run", "0,9");
  run.config = with_overrides(run.config, {.quantize = Recipe::fp32}, "");
  const TrainingResult result = train(run);
  base::SilentProgress progress;
  const traces::TraceReader trace = traces::check_trace(*result.trace, progress);
  EXPECT_TRUE(trace.manifest().gemms.empty());
  EXPECT_EQ(
      trace.manifest().run.note,
      "what these layers leave in fp32 is recorded with the codes that sawb and luq would make of it; no "
      "product takes them: conv2, conv3, fc1");
  std::set<std::string> ids;
  base::ThreadPool pool(1);
  for (const QuantizerRecord& record : trace.manifest().quantizers) {
    ids.insert(record.id);
    QuantizedTensor again;
    make_quantizer({.rule = record.rule, .random_bits = std::max(4U, record.random_bits)}, SimdPath::portable)
        ->quantize(trace.read_fp32(record.source.value()),
                   {.seed = 7, .step = record.step, .layer = record.layer}, std::nullopt, pool, again);
    EXPECT_EQ(operand(trace, record.id).codes, again.codes) << record.id;
    EXPECT_EQ(record.scale, again.scale) << record.id;
  }
  for (const char* step : {"0", "9"})
    for (const char* layer : {"conv2", "conv3", "fc1"})
      for (const char* operand : {"input", "weight", "gradient/0"})
        EXPECT_TRUE(ids.contains(fmt::format("{}/train/{}/{}", step, layer, operand)));
  EXPECT_EQ(trace.manifest().quantizers.size(), ids.size());
  run.run_directory = folder_ / "untraced";
  run.trace = std::nullopt;
  EXPECT_EQ(hashes(result.epochs), hashes(train(run).epochs));
}

/// A layer that quantizes its gradient alone: the input is there, and no record says that it was used.
TEST_F(TrainerTrace, AMixedLayerLeavesWhatItDoesNotQuantizeToo) {
  TrainingOptions run = traced("run", "0");
  for (LayerConfig& layer : run.config.layers) layer.quantize.forward = ForwardRule::none;
  const traces::TraceReader trace(*train(run).trace);
  EXPECT_TRUE(trace.manifest().gemms.empty());
  EXPECT_TRUE(trace.manifest().quantizer("0/train/conv2/input").source);
  EXPECT_EQ(trace.manifest().quantizer("0/train/conv2/gradient/1").sample, 1U);
}

TEST_F(TrainerTrace, WhatCannotBeTracedIsRefusedBeforeAnythingIsMade) {
  const auto refused = [&](const TrainingOptions& run) {
    const std::string message = message_of([&] { train(run); });
    EXPECT_FALSE(std::filesystem::exists(run.run_directory));
    return message;
  };
  TrainingOptions run = traced("run");
  for (LayerConfig& layer : run.config.layers) layer.precision = Precision::fp32;
  EXPECT_EQ(refused(run), "tiny: nothing to trace; expected layers of precision 'quantized'");
  EXPECT_EQ(refused(traced("run", "12")), "traced steps: step 12; expected 0..11, the steps of this run");
  for (const auto& [taken, message] :
       {std::pair<std::string, std::string>("mine", ": exists; expected the name of a new trace"),
        {"mine.partial",
         ": left unfinished by a run that was stopped; remove it to write this trace again"}}) {
    std::filesystem::create_directories(folder_ / taken);
    run = traced("run");
    run.trace->directory = folder_ / "mine";
    EXPECT_EQ(refused(run), (folder_ / taken).string() + message);
    std::filesystem::remove(folder_ / taken);
  }
}

/// After 8 steps and batches the run is in its first evaluation, with step 0 and one batch of the evaluation
/// traced.
TEST_F(TrainerTrace, AnInterruptedRunLeavesWhatWasTraced) {
  train_until(traced("run", "0,2,last"), 8);
  base::SilentProgress progress;
  const traces::TraceReader trace = traces::check_trace(folder_ / "run/trace", progress);
  EXPECT_EQ(tests::contents(folder_ / "run/trace"),
            (std::set<std::string>{"SHA256SUMS", "manifest.json", "step_00000000.safetensors",
                                   "step_00000002.safetensors", "step_00000006_evaluation.safetensors"}));
  EXPECT_EQ(trace.manifest().run.note, "the run stopped early: interrupted");
  EXPECT_EQ(trace.manifest().gemms.size(), 2U * 9 + 3);
}

TEST_F(TrainerTrace, ARunThatStopsInATracedStepLeavesTheOnesBefore) {
  TrainingOptions run = traced("run", "0,1,2,3,4,5");
  run.config.learning_rate.from = run.config.learning_rate.to = 1e30;  // step 1 fails within
  const std::string message = message_of([&] { train(run); });
  base::SilentProgress progress;
  const traces::TraceReader trace = traces::check_trace(run.run_directory / "trace", progress);
  EXPECT_EQ(tests::contents(run.run_directory / "trace"),
            (std::set<std::string>{"SHA256SUMS", "manifest.json", "step_00000000.safetensors"}));
  EXPECT_EQ(trace.manifest().run.note, "the run stopped early: " + message);
}

TEST_F(TrainerTrace, ARunThatStopsBeforeItsFirstTracedStepLeavesNone) {
  train_until(traced("run", "5"), 5);
  EXPECT_EQ(tests::contents(folder_ / "run"),
            (std::set<std::string>{"checkpoints", "config.json", "log.txt", "metrics.csv", "run.json",
                                   "steps.csv"}));
}

TEST_F(TrainerTrace, SaysWhichDataItIsOf) {
  const traces::TraceReader trace(*train(traced("run", "0")).trace);
  std::string lines;  // as `sha256sum t10k-* train-*` prints them
  for (const char* name : {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "train-images-idx3-ubyte",
                           "train-labels-idx1-ubyte"})
    lines += fmt::format("{}  {}\n", traces::sha256_of_file(folder_ / "data" / name), name);
  EXPECT_EQ(trace.manifest().run.data_sha256, traces::sha256_hex(lines));
}

}  // namespace
}  // namespace quatrain::emu
