/// quatrain train: from a config to a run directory.
#include "emu/data/data_set.hpp"
#include "emu/nn/network.hpp"
#include "emu/nn/trainer.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/config_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* examples = R"(
CONFIG is a config inside the program (demo_cnn, demo_quick, lenet5, resnet20, resnet18_small, mobilenet_v2) or
a file.

--quantize says how the quantized layers compute:
  fp32       without quantizers
  luq        4-bit operands; gradients by random rounding (logarithmic unbiased quantization)
  nearest    4-bit operands; gradients rounded to nearest

Examples:
  quatrain train demo_cnn                             into runs/demo_cnn-001 (the first free number)
  quatrain train demo_cnn --out runs/mine --trace     and a trace: operands and results of three steps
  quatrain train demo_cnn --out runs/mine --resume    goes on after the newest checkpoint
  quatrain train demo_cnn --trace-steps 0,5,last      a trace of these steps
  quatrain train demo_cnn --quantize fp32 --seed 7    without quantizers, and another seed
  quatrain train mine.json                            your own config

RUN, the run directory, holds:
  config.json     the configuration, complete, as run
  run.json        this command, the data's SHA-256, how far the run came
  metrics.csv     one row per epoch
  steps.csv       one row per step
  checkpoints/    one file per epoch
  trace/          the traced steps
  log.txt         what happened
Two runs with the same state_hash are the same run, bit for bit. The number of threads does not change it.)";

struct Typed {
  std::string config;
  std::string out, data, trace, steps, quantize;
  emu::TrainingOverrides overrides;
  unsigned threads = 0;
  bool resumes = false;
};

emu::TrainingOptions options_of(const Typed& typed, const CLI::App& command,
                                const std::string& command_line) {
  const base::JsonNode file = open_config(typed.config, ConfigKind::training);
  emu::TrainingOverrides overrides = typed.overrides;
  overrides.quantize = base::named<emu::Recipe>(typed.quantize);
  emu::TrainingOptions options;
  options.config = emu::with_overrides(emu::read_training_config(file), overrides, file.file());
  options.data = typed.data.empty() ? emu::data_directory(std::nullopt) : emu::data_directory(typed.data);
  options.run_directory = typed.out;
  options.command = command_line;
  options.threads = typed.threads;
  options.resumes = typed.resumes;
  options.path = emu::chosen_path();
  if (command.count("--trace") != 0 || command.count("--trace-steps") != 0) {
    options.trace = emu::TraceRequest{.directory = typed.trace};
    if (!typed.steps.empty()) options.trace->steps = typed.steps;
  }
  options.stops = interrupted;
  return options;
}

void print_plan(const emu::TrainingConfig& config) {
  const emu::ForwardMacs macs = emu::forward_macs(config);
  fmt::print("{}: seed {}, {} epoch{}, batch {}; {} forward MACs per image", config.name, config.seed,
             config.epochs, config.epochs == 1 ? "" : "s", config.batch, macs.all);
  if (config.quantize.forward != emu::ForwardRule::none)
    fmt::print(", {:.1f} % of them on 4-bit codes",
               100.0 * static_cast<double>(macs.quantized) / static_cast<double>(macs.all));
  fmt::print("\nepoch  train loss  test loss  test accuracy  seconds  state_hash\n");
}

void print_epoch(const emu::EpochMetrics& metrics) {
  fmt::print("{:5}  {:10.4f}  {:9.4f}  {:11.2f} %  {:7.1f}  {}\n", metrics.epoch, metrics.train_loss,
             metrics.test_loss, metrics.test_accuracy_percent, metrics.seconds, metrics.state_hash);
  flush_stdout();  // a reader at the other end of a pipe sees each epoch as it ends
}

/// The library does not know how users name the folder of the data.
emu::TrainingResult train_on_its_data(const emu::TrainingOptions& options, base::Progress& progress) try {
  return emu::train(options, progress);
} catch (const emu::NoDataSet& error) {
  throw base::Error("{}; --data names their folder", error.what());
}

int train(const Typed& typed, const CLI::App& command, const std::string& command_line) {
  emu::TrainingOptions options = options_of(typed, command, command_line);
  bool has_plan = false;
  options.epoch_ended = [&](const emu::EpochMetrics& metrics) {
    if (!has_plan) print_plan(options.config);
    has_plan = true;
    print_epoch(metrics);
  };
  options.noted = print_to_stderr;
  const auto progress = make_progress();
  const emu::TrainingResult result = train_on_its_data(options, *progress);
  if (result.trace) fmt::print("trace: {}\n", result.trace->string());
  fmt::print("{}\n", result.run_directory.string());
  return 0;
}

}  // namespace

void add_train_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("train", "Train a network; equal bits on every computer");
  command->footer(examples);
  const auto typed = std::make_shared<Typed>();
  command->add_option("CONFIG", typed->config, "training config: name or file")->required();
  CLI::Option* out =
      command
          ->add_option("--out", typed->out, "run directory (default: runs/NAME-001, the first free number)")
          ->check(not_empty());
  command->add_option("--seed", typed->overrides.seed, "seed, in place of the config's")
      ->check(whole_number(0, UINT32_MAX));
  command->add_option("--epochs", typed->overrides.epochs, "epochs, in place of the config's")
      ->check(whole_number(1, emu::most_epochs));
  command
      ->add_option("--quantize", typed->quantize,
                   "how quantized layers compute, in place of the config's words")
      ->check(CLI::IsMember(
          std::vector<std::string>(base::words_of<emu::Recipe>.begin(), base::words_of<emu::Recipe>.end())));
  command->add_option("--threads", typed->threads, "how many threads (default: one per processor)")
      ->check(whole_number(1, 1024));
  command
      ->add_option(
          "--data", typed->data,
          "folder of the data set's four IDX files\n(default: $QUATRAIN_DATA, else the Debian package's)")
      ->check(not_empty());
  command
      ->add_option("--trace", typed->trace,
                   "write a trace of some steps into this new folder (default: RUN/trace)")
      ->expected(0, 1);
  command->add_option(
      "--trace-steps", typed->steps,
      "steps to trace, with commas: numbers, first, middle, last;\ndefault: first,middle,last");
  command->add_flag("--resume", typed->resumes, "go on after the newest checkpoint in --out")->needs(out);
  command->callback([typed, command, &action] {
    action = [typed, command](const Provenance& typed_line) {
      return train(*typed, *command, typed_line.command);
    };
  });
}

}  // namespace quatrain::sim
