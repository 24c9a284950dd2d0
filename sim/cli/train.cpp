/// quatrain train: from a config to a run directory.
#include "emu/data/data_set.hpp"
#include "emu/nn/network.hpp"
#include "emu/nn/trainer.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/overrides.hpp"
#include "sim/machines.hpp"
#include "sim/verify/step_check.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* train_examples = R"(
CONFIG is a config inside the program (demo_cnn, demo_quick, lenet5, resnet20, resnet18_small, resnet18,
mobilenet_v2, mobilenet_v2_quantized) or a file.

--quantize says how the quantized layers compute:
  fp32       without quantizers
  luq        4-bit operands; gradients by random rounding (logarithmic unbiased quantization)
  nearest    4-bit operands; gradients rounded to nearest

Examples:
  quatrain train demo_cnn                             into runs/demo_cnn-001 (the first free number)
  quatrain train demo_cnn --out runs/mine --trace     and a trace: operands and results of three steps
  quatrain train demo_cnn --out runs/mine --resume    goes on after the newest checkpoint
  quatrain train demo_cnn --out runs/mine --resume --epochs 4
                                                      a run that has finished takes more epochs
  quatrain train demo_cnn --checkpoint-steps 100 --keep 2
                                                      long epochs: a checkpoint every 100 steps, the newest two
  quatrain train demo_cnn --trace-steps 0,5,last      a trace of these steps
  quatrain train demo_cnn --gradients 1               statistics of the gradients of every step, not of every tenth
  quatrain train demo_cnn --quantize fp32 --seed 7    without quantizers, and another seed
  quatrain train demo_cnn --set quantize.samples=4    any key of the config, by its path
  quatrain train resnet20 --epochs 1 --profile        and how the time of a step falls to its operations
  quatrain train mine.json                            your own config
  quatrain train tune.json --weights runs/mine        begins with the weights that a run ended with
  quatrain train mine.json --machine simt.tiled       our CUDA kernels, run by the CPU, compute the 4-bit steps
  quatrain train mine.json --check emu.naive,simt     two machines compute beside it; ends at a difference

RUN, the run directory, holds:
  config.json     the configuration, complete, as run
  run.json        this command, the data's SHA-256, how far the run came
  metrics.csv     one row per epoch
  steps.csv       one row per step
  gradients.csv   statistics of the gradients: one row per layer and every tenth step
  hashes.csv      one row per step: a hash of each tensor of the state; `quatrain bisect` compares two runs by it
  checkpoints/    one file per epoch, and those of --checkpoint-steps
  trace/          the traced steps
  log.txt         what happened
Two runs with the same state_hash are the same run, bit for bit. Neither threads nor machine change it.

Exit codes:
  0    done
  1    --check found a difference; its record is the trace RUN/difference
  2    bad input, or a machine that was named cannot run here)";

struct TypedTrain {
  std::string config;
  std::vector<std::string> set;
  std::string out, data, trace, steps, quantize, machine, check, weights;
  emu::TrainingOverrides overrides;
  unsigned threads = 0;
  std::int64_t gradients_every = 10, hashes_every = 1, checkpoint_every = 0;
  std::size_t keep = 0;
  bool resumes = false, profiles = false;
};

/// The config as a file or by name, with --set, and then with the options that have names of their own.
emu::TrainingConfig config_of(const TypedTrain& typed) {
  const std::vector<Override> set = parse_overrides(typed.set);
  const base::JsonNode file = open_config(typed.config, ConfigKind::training, set);
  emu::TrainingOverrides overrides = typed.overrides;
  overrides.quantize = base::named<emu::Recipe>(typed.quantize);
  try {
    return emu::with_overrides(emu::read_training_config(file), overrides, file.file());
  } catch (base::Error& error) {
    if (!set.empty()) error.add_context("{}", context_of(set));
    throw;
  }
}

emu::TrainingOptions options_of(const TypedTrain& typed, const CLI::App& command,
                                const std::string& command_line) {
  emu::TrainingOptions options;
  options.config = config_of(typed);
  options.data = typed.data.empty() ? emu::data_directory(std::nullopt) : emu::data_directory(typed.data);
  options.run_directory = typed.out;
  options.command = command_line;
  options.threads = typed.threads;
  options.resumes = typed.resumes;
  options.weights = typed.weights;
  options.gradients_every = typed.gradients_every;
  options.hashes_every = typed.hashes_every;
  options.checkpoint_every = typed.checkpoint_every;
  options.keep_checkpoints = typed.keep;
  options.profiles = typed.profiles;
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
  if (macs.quantized > 0)
    fmt::print(", {:.1f} % of them on 4-bit codes",
               100.0 * static_cast<double>(macs.quantized) / static_cast<double>(macs.all));
  fmt::print("\nepoch  train loss  test loss  test accuracy  seconds  state_hash\n");
}

void print_epoch(const emu::EpochMetrics& metrics) {
  fmt::print("{:5}  {:10.4f}  {:9.4f}  {:11.2f} %  {:7.1f}  {}\n", metrics.epoch, metrics.train_loss,
             metrics.test_loss, metrics.test_accuracy_percent, metrics.seconds, metrics.state_hash);
  flush_stdout();  // a reader at the other end of a pipe sees each epoch as it ends
}

/// The share of a step by operation, the largest first; nothing where no profile was taken.
void print_profile(std::vector<emu::ProfiledOperation> operations) {
  if (operations.empty()) return;
  double seconds = 0;
  std::int64_t steps = 0;
  for (const emu::ProfiledOperation& operation : operations) {
    seconds += operation.seconds;
    if (operation.name == emu::whole_step) steps = operation.calls;
  }
  const auto of_steps = static_cast<double>(steps);
  std::ranges::stable_sort(operations, std::greater<>(), &emu::ProfiledOperation::seconds);
  fmt::print("{} steps of {:.1f} ms\noperation                        share  ms a step  calls a step\n",
             steps, 1e3 * seconds / of_steps);
  for (const emu::ProfiledOperation& operation : operations)
    fmt::print("{:<30}  {:4.1f} %  {:9.2f}  {:12.1f}\n", operation.name, 100 * operation.seconds / seconds,
               1e3 * operation.seconds / of_steps, static_cast<double>(operation.calls) / of_steps);
}

/// The library does not know how users name the folder of the data.
emu::TrainingResult train_on_its_data(const emu::TrainingOptions& options, base::Progress& progress) try {
  return emu::train(options, progress);
} catch (const emu::NoDataSet& error) {
  throw base::Error("{}; --data names their folder", error.what());
}

/// The machine that the trainer is in place: without --machine all is as with this one.
constexpr const char* built_in = "emu.blocked";

/// Who computes the 4-bit steps, and who computes them too.
class StepMachines {
 public:
  explicit StepMachines(const TypedTrain& typed) : pool_(typed.threads, interrupted) {
    const std::string trained_on = typed.machine.empty() ? built_in : only_one(typed.machine);
    std::vector<std::string> checks =
        typed.check.empty() ? std::vector<std::string>{} : named("--check", typed.check);
    std::erase(checks, trained_on);
    if (!typed.check.empty() && checks.empty())
      throw base::Error("--check: {} computes the run itself; expected another machine", trained_on);
    std::vector<std::string> wanted = checks;
    wanted.push_back(trained_on);
    registered_ = make_machines(wanted, pool_);
    computes_ = &machine("--machine", trained_on);
    for (const std::string& name : checks) checked_.push_back({.machine = machine("--check", name)});
  }

  void set(emu::TrainingOptions& options) {
    if (computes_->name() != built_in) options.machine = computes_;
    if (checked_.empty()) return;
    options.watch = [this, &options](const std::filesystem::path& run_directory) {
      return std::make_unique<StepCheck>(options.config, checked_, *computes_, run_directory);
    };
  }

  void print_checks() const {
    for (const CheckedBeside& beside : checked_) {
      fmt::print("checked by {}: {} quantizers and {} products, all equal", beside.machine.name(),
                 beside.quantizers, beside.gemms);
      if (beside.unsupported > 0) fmt::print("; {} that it does not support", beside.unsupported);
      fmt::print("\n");
    }
  }

 private:
  static std::vector<std::string> named(const char* option, const std::string& list) try {
    return machines_named(list);
  } catch (base::Error& error) {
    error.add_context("{}", option);
    throw;
  }

  static std::string only_one(const std::string& typed) {
    const std::vector<std::string> names = named("--machine", typed);
    if (names.size() != 1)
      throw base::Error("--machine: '{}' names {}; expected one machine", typed, base::joined(names));
    return names.front();
  }

  traces::Machine& machine(const char* option, const std::string& name) const {
    const auto found = std::find_if(registered_.begin(), registered_.end(),
                                    [&](const RegisteredMachine& one) { return one.name == name; });
    if (!found->machine) throw base::Error("{}: {} cannot run here: {}", option, name, found->why_not);
    return *found->machine;
  }

  base::ThreadPool pool_;
  std::vector<RegisteredMachine> registered_;
  traces::Machine* computes_ = nullptr;
  std::vector<CheckedBeside> checked_;
};

int train(const TypedTrain& typed, const CLI::App& command, const std::string& command_line) {
  emu::TrainingOptions options = options_of(typed, command, command_line);
  std::optional<StepMachines> machines;
  if (!typed.machine.empty() || !typed.check.empty()) machines.emplace(typed).set(options);
  bool has_plan = false;
  options.epoch_ended = [&](const emu::EpochMetrics& metrics) {
    if (!has_plan) print_plan(options.config);
    has_plan = true;
    print_epoch(metrics);
  };
  options.noted = print_to_stderr;
  const auto progress = make_progress();
  emu::TrainingResult result;
  try {
    result = train_on_its_data(options, *progress);
  } catch (const MachinesDiffer& difference) {
    print_to_stderr(difference.what());
    return 1;
  }
  if (machines) machines->print_checks();
  print_profile(result.profile);
  if (result.trace) fmt::print("trace: {}\n", result.trace->string());
  fmt::print("{}\n", result.run_directory.string());
  return 0;
}

}  // namespace

void add_train_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("train", "Train a network; equal bits on every computer");
  command->footer(train_examples);
  const auto typed = std::make_shared<TypedTrain>();
  command->add_option("CONFIG", typed->config, "training config: name or file")->required();
  CLI::Option* out =
      command
          ->add_option("--out", typed->out, "run directory (default: runs/NAME-001, the first free number)")
          ->check(not_empty());
  command
      ->add_option("--set", typed->set,
                   "KEY=VALUE in place of the config's: any key by its path, with dots\n(quantize.samples=4, "
                   "layers.2.kernel=[3,1]); may be given several times")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
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
      ->add_option("--data", typed->data,
                   "folder of the data set; the config says its kind\n(default: $QUATRAIN_DATA, else "
                   "Fashion-MNIST of the Debian package)")
      ->check(not_empty());
  command
      ->add_option("--trace", typed->trace,
                   "write a trace of some steps into this new folder (default: RUN/trace)")
      ->expected(0, 1);
  command->add_option(
      "--trace-steps", typed->steps,
      "steps to trace, with commas: numbers, first, middle, last;\ndefault: first,middle,last");
  command
      ->add_option("--gradients", typed->gradients_every,
                   "look at the gradients of every N-th step, for gradients.csv (default: 10;\n0: of none)")
      ->check(whole_number(0, INT32_MAX));
  command
      ->add_option("--hashes", typed->hashes_every,
                   "hash the state's tensors after every N-th step, for hashes.csv (default: 1;\n0: never)")
      ->check(whole_number(0, INT32_MAX));
  command
      ->add_option("--machine", typed->machine,
                   "computes all quantizers and 4-bit products (default: emu.blocked);\n`quatrain machines` "
                   "lists them")
      ->check(not_empty());
  command
      ->add_option("--check", typed->check,
                   "machines that compute them too, with commas: names or beginnings of names")
      ->check(not_empty());
  command
      ->add_option(
          "--weights", typed->weights,
          "begin with the weights of this run's newest checkpoint, or of a\ncheckpoint file; the network "
          "must be the same")
      ->check(not_empty());
  command->add_flag("--profile", typed->profiles,
                    "say at the end how the time of a step falls to its operations");
  command
      ->add_option("--checkpoint-steps", typed->checkpoint_every,
                   "a checkpoint after every N-th step too (default: only after each epoch)")
      ->check(whole_number(1, UINT32_MAX));
  command->add_option("--keep", typed->keep, "keep only the newest N checkpoints (default: all)")
      ->check(whole_number(1, UINT32_MAX));
  command->add_flag("--resume", typed->resumes, "go on after the newest checkpoint in --out")->needs(out);
  command->callback([typed, command, &action] {
    action = [typed, command](const Provenance& typed_line) {
      return train(*typed, *command, typed_line.command);
    };
  });
}

}  // namespace quatrain::sim
