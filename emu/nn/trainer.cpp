#include "emu/nn/trainer.hpp"

#include "emu/nn/loss.hpp"
#include "emu/nn/recorder.hpp"
#include "emu/nn/state_hash.hpp"
#include "emu/nn/trace_steps.hpp"
#include "emu/nn/training_steps.hpp"
#include "traces/base/error.hpp"
#include "traces/run_names.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <numeric>
#include <set>
#include <type_traits>

namespace quatrain::emu {
namespace {

/// "the loss grew from 2.3 at step 0 to 1e+09 at step 7"; of at least one step.
std::string way_of(const std::vector<float>& losses) {
  const auto largest = std::max_element(losses.begin(), losses.end());
  if (largest == losses.begin()) return fmt::format("the loss was {:.4g} at step 0", losses.front());
  return fmt::format("the loss grew from {:.4g} at step 0 to {:.4g} at step {}", losses.front(), *largest,
                     largest - losses.begin());
}

using base::Error;
using traces::Pass;

/// A run: its steps, and what it leaves behind.
class Run {
 public:
  Run(const TrainingOptions& options, const DataSet& data, base::ThreadPool& pool, base::Progress& progress)
      : options_(options),
        config_(options.config),
        progress_(progress),
        pool_(pool),
        steps_(options.config, data, pool, options.path, options.machine),
        context_(steps_.context()),
        network_(steps_.network()),
        test_count_(data.test->count()),
        test_batches_(*data.test, options.config.data),
        data_sha256_(data_sha256(data.sums)),
        steps_per_epoch_(steps_.per_epoch()) {}

  SimdPath path() const { return network_.path(); }
  const std::vector<ProfiledOperation>& profile() const { return profile_.operations(); }

  std::set<std::int64_t> plan_trace() const {
    if (!options_.trace) return {};
    return trace_steps(options_.trace->steps, config_.epochs, steps_per_epoch_);
  }

  /// Continues from the newest checkpoint of `directory`. False: there is none, and it begins.
  bool resume(RunDirectory& directory) {
    std::vector<std::string> skipped;
    const auto checkpoint = read_newest_checkpoint(directory.checkpoints(), network_.state(), skipped);
    for (const std::string& why : skipped) {
      const std::string note = "a damaged checkpoint is skipped: " + why;
      directory.log(note);
      if (options_.noted) options_.noted(note);
    }
    if (!checkpoint) {
      if (directory.epochs().size() > 1)  // the first one's row may stand before its checkpoint
        throw Error("{}: no checkpoint is here; expected one of epoch {} or before",
                    directory.checkpoints().string(), directory.epochs().size());
      directory.cut_to({});
      return false;
    }
    if (!checkpoint->data_sha256.empty() && checkpoint->data_sha256 != data_sha256_)
      throw Error(
          "{}: the checkpoint of epoch {} was trained on other data: expected data_sha256 {}, found {}",
          directory.checkpoints().string(), checkpoint->epoch, checkpoint->data_sha256, data_sha256_);
    epoch_ = static_cast<std::int64_t>(checkpoint->epoch);
    first_step_ = static_cast<std::int64_t>(checkpoint->step) - epoch_ * steps_per_epoch_;
    so_far_ = checkpoint->so_far.value_or(EpochSoFar{});
    const bool is_inside = first_step_ > 0 && first_step_ < steps_per_epoch_;
    if (checkpoint->so_far ? !is_inside || std::ssize(so_far_.losses) != first_step_ * config_.batch
                           : first_step_ != 0)
      throw Error("{}: step {} after epoch {}; these data give {}: not the data of that run",
                  directory.checkpoints().string(), checkpoint->step, epoch_, epoch_ * steps_per_epoch_);
    directory.cut_to(*checkpoint);
    if (options_.epoch_ended)
      std::for_each(directory.epochs().begin(), directory.epochs().end(), options_.epoch_ended);
    directory.log(fmt::format("resumed after epoch {} at step {}, state_hash {}", epoch_, checkpoint->step,
                              checkpoint->state_hash));
    return true;
  }

  /// The run begins with the weights of another; momenta and counts begin at zero.
  void take_weights(const std::filesystem::path& file) {
    taken_hash_ = start_from(file, network_.state()).state_hash;
  }

  /// What it begins with is its checkpoint of epoch 0.
  void keep_start(const std::filesystem::path& file, RunDirectory& directory) {
    write_checkpoint(directory.checkpoints(), {0, 0, state_hash(network_.state(), 0, 0), data_sha256_},
                     network_.state());
    directory.log(fmt::format("begins with the weights of {}, state_hash {}", file.string(), taken_hash_));
  }

  /// `recorder` and `watcher` may be null.
  void train_all(RunDirectory& directory, TraceRecorder* recorder, StepObserver* watcher,
                 const std::set<std::int64_t>& traced) {
    watcher_ = watcher;
    if (options_.hashes_every > 0) directory.set_hashed_tensors(hashed_tensors(network_.state()));
    for (; epoch_ < config_.epochs; ++epoch_) {
      start_ = std::chrono::steady_clock::now();
      EpochMetrics metrics;
      metrics.train_loss = train_epoch(directory, recorder, traced);
      const auto first_traced = traced.lower_bound(epoch_ * steps_per_epoch_);
      const bool is_traced = first_traced != traced.end() && *first_traced < (epoch_ + 1) * steps_per_epoch_;
      evaluate(is_traced ? recorder : nullptr, directory.step_losses(), metrics);
      metrics.epoch = epoch_ + 1;
      metrics.step = metrics.epoch * steps_per_epoch_;
      metrics.learning_rate = steps_.rate_at(metrics.step - 1);
      metrics.seconds = seconds_of_epoch();
      finish_epoch(directory, metrics);
      first_step_ = 0;
      so_far_ = {};
    }
  }

 private:
  void throw_if_stopped() const {
    if (options_.stops && options_.stops()) throw base::Interrupted();
  }

  static void require_finite(float loss, std::string_view what) {
    if (!std::isfinite(loss)) throw Error("{} is {}", what, loss);
  }

  /// What arithmetic refuses at a step has one cause nearly always: the training diverges. The error says so,
  /// with the way of the loss. `losses`: of the steps before.
  template <typename Body>
  std::invoke_result_t<Body> in_step(std::int64_t step, const std::vector<float>& losses, Body&& body) const {
    try {
      return body();
    } catch (const base::Interrupted&) {
      throw;
    } catch (const StoppedByObserver&) {
      throw;
    } catch (const Error& error) {
      if (losses.empty())
        throw Error(
            "{}: step {}: the first step leaves the range of fp32: {}; expected images of mean 0 and "
            "standard "
            "deviation 1 (/data/mean, /data/std)",
            config_.name, step, error.what());
      throw Error("{}: step {}: the training diverges: {}, then {}; a smaller learning rate may help",
                  config_.name, step, way_of(losses), error.what());
    }
  }

  /// Returns the mean loss of the epoch's images.
  float train_epoch(RunDirectory& directory, TraceRecorder* recorder, const std::set<std::int64_t>& traced) {
    context_.profile = options_.profiles ? &profile_ : nullptr;
    steps_.begin_epoch(epoch_);
    std::vector<float> losses(static_cast<std::size_t>(steps_.train_count()));
    std::ranges::copy(so_far_.losses, losses.begin());
    progress_.begin(fmt::format("{}: epoch {}/{}", config_.name, epoch_ + 1, config_.epochs),
                    static_cast<std::uint64_t>(steps_per_epoch_));
    for (std::int64_t i = first_step_; i < steps_per_epoch_; ++i) {
      throw_if_stopped();
      const ProfiledPart part(context_.profile, whole_step);
      const std::int64_t step = epoch_ * steps_per_epoch_ + i;
      const std::size_t begin = steps_.first_sample(step), count = steps_.sample_count(step);
      GradientWatcher gradients(config_, pool_, directory.gradients());
      const bool is_watched = options_.gradients_every > 0 && step % options_.gradients_every == 0;
      Observers observers{traced.contains(step) ? recorder : nullptr, watcher_,
                          is_watched ? &gradients : nullptr};
      context_.observer = observers.empty() ? nullptr : &observers;
      observers.begin_step(static_cast<std::uint32_t>(step), Pass::train);
      steps_.make_batch(step);
      const float loss = in_step(step, directory.step_losses(),
                                 [&] { return steps_.train(step, std::span(losses).subspan(begin, count)); });
      observers.end_step();
      directory.add_step(loss);
      if (options_.hashes_every > 0 && step % options_.hashes_every == 0)
        directory.add_hashes({step, hash_tensors(network_.state(), pool_)});
      if (options_.checkpoint_every > 0 && i + 1 < steps_per_epoch_ &&
          (step + 1) % options_.checkpoint_every == 0)
        keep_step(directory, step + 1, std::span(losses).first(begin + count));
      progress_.update(static_cast<std::uint64_t>(i + 1), fmt::format("loss {:.3f}", loss));
    }
    progress_.finish();
    context_.profile = nullptr;  // an evaluation is no step
    const float loss = mean(losses);
    in_step((epoch_ + 1) * steps_per_epoch_, directory.step_losses(),
            [&] { require_finite(loss, "the mean loss of the epoch"); });
    return loss;
  }

  /// Test loss and accuracy; a recorder sees the first batch.
  void evaluate(TraceRecorder* recorder, const std::vector<float>& step_losses, EpochMetrics& metrics) {
    const std::int64_t step = (epoch_ + 1) * steps_per_epoch_;
    std::vector<std::uint32_t> samples(static_cast<std::size_t>(test_count_));
    std::iota(samples.begin(), samples.end(), 0U);
    std::vector<float> losses(samples.size());
    std::int64_t correct = 0;
    progress_.begin(fmt::format("{}: test after epoch {}/{}", config_.name, epoch_ + 1, config_.epochs),
                    samples.size());
    context_.step = static_cast<std::uint32_t>(step);
    context_.pass = Pass::evaluation;
    const auto batch = static_cast<std::size_t>(config_.evaluation_batch);
    for (std::size_t begin = 0; begin < samples.size(); begin += batch) {
      throw_if_stopped();
      const std::size_t count = std::min(samples.size() - begin, batch);
      Observers observers{begin == 0 ? recorder : nullptr, watcher_};
      context_.observer = observers.empty() ? nullptr : &observers;
      observers.begin_step(context_.step, Pass::evaluation);
      const Tensor& logits = in_step(step, step_losses, [&]() -> const Tensor& {
        return steps_.evaluate(test_batches_, std::span<const std::uint32_t>(samples).subspan(begin, count));
      });
      observers.end_step();
      cross_entropy(logits, steps_.labels(), std::span(losses).subspan(begin, count));
      correct += count_correct(logits, steps_.labels());
      progress_.update(begin + count);
    }
    progress_.finish();
    metrics.test_loss = mean(losses);
    in_step(step, step_losses, [&] { require_finite(metrics.test_loss, "the test loss"); });
    metrics.test_accuracy_percent = 100.0 * static_cast<double>(correct) / static_cast<double>(test_count_);
  }

  double seconds_of_epoch() const {
    return so_far_.seconds + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  /// A checkpoint inside the epoch, after the rows of the tables that it needs.
  void keep_step(RunDirectory& directory, std::int64_t step, std::span<const float> losses) {
    directory.save();
    const auto done = static_cast<std::uint64_t>(step), epoch = static_cast<std::uint64_t>(epoch_);
    write_checkpoint(directory.checkpoints(),
                     {epoch, done, state_hash(network_.state(), done, epoch), data_sha256_,
                      EpochSoFar{{losses.begin(), losses.end()}, seconds_of_epoch()}},
                     network_.state());
    drop_older(directory);
  }
  void drop_older(const RunDirectory& directory) const {
    if (options_.keep_checkpoints > 0) keep_newest(directory.checkpoints(), options_.keep_checkpoints);
  }

  void finish_epoch(RunDirectory& directory, EpochMetrics& metrics) {
    const Checkpoint checkpoint{.epoch = static_cast<std::uint64_t>(metrics.epoch),
                                .step = static_cast<std::uint64_t>(metrics.step)};
    metrics.state_hash = state_hash(network_.state(), checkpoint.step, checkpoint.epoch);
    directory.add_epoch(metrics);
    write_checkpoint(directory.checkpoints(),
                     {checkpoint.epoch, checkpoint.step, metrics.state_hash, data_sha256_}, network_.state());
    drop_older(directory);
    directory.log(
        fmt::format("epoch {}: train loss {:.4f}, test loss {:.4f}, test accuracy {:.2f} %, {:.1f} s, "
                    "state_hash {}",
                    metrics.epoch, metrics.train_loss, metrics.test_loss, metrics.test_accuracy_percent,
                    metrics.seconds, metrics.state_hash));
    if (options_.epoch_ended) options_.epoch_ended(metrics);
  }

  const TrainingOptions& options_;
  const TrainingConfig& config_;
  base::Progress& progress_;
  base::ThreadPool& pool_;
  TrainingSteps steps_;
  StepContext& context_;
  StepProfile profile_;
  StepObserver* watcher_ = nullptr;
  Network& network_;
  std::int64_t test_count_;
  BatchMaker test_batches_;
  std::string data_sha256_;
  std::int64_t steps_per_epoch_;
  std::int64_t epoch_ = 0;       ///< epochs done
  std::int64_t first_step_ = 0;  ///< of the epoch at hand, where it was resumed inside
  EpochSoFar so_far_;            ///< of the steps before that one
  std::chrono::steady_clock::time_point start_;
  std::string taken_hash_;  ///< of the state whose weights were taken
};

/// Everything that can be refused before a file is made. "" stands for the folder `trace` in a numbered run
/// directory.
std::optional<std::filesystem::path> plan_trace_directory(const TrainingOptions& options) {
  if (!options.trace) return std::nullopt;
  require_traceable(options.config);
  std::filesystem::path directory = options.trace->directory;
  if (directory.empty() && options.run_directory.empty()) return directory;
  if (directory.empty()) directory = options.run_directory / traces::run_names::trace;
  if (options.resumes) return directory;  // which may have what was traced before
  if (std::filesystem::exists(directory))
    throw Error("{}: exists; expected the name of a new trace", directory.string());
  if (const std::string partial = directory.string() + ".partial"; std::filesystem::exists(partial))
    throw Error("{}: left unfinished by a run that was stopped; remove it to write this trace again",
                partial);
  return directory;
}

void require_machine(const TrainingOptions& options) {
  if (options.machine == nullptr) return;
  if (const auto reason = why_not_trained_on(*options.machine, options.config))
    throw Error("{} cannot train {}: {}", options.machine->name(), options.config.name, *reason);
}

RunDirectory open_directory(const TrainingOptions& options, const DataSums& data) {
  RunFile file{.program = "quatrain " QUATRAIN_VERSION,
               .commands = {options.command},
               .data_folder = options.data.string(),
               .data = data,
               .of_epochs = options.config.epochs};
  if (options.resumes) return RunDirectory::open(options.run_directory, options.config, std::move(file));
  const std::filesystem::path directory = options.run_directory.empty()
                                              ? make_numbered_directory("runs", options.config.name)
                                              : options.run_directory;
  return RunDirectory::create(directory, options.config, std::move(file));
}

/// What a run leaves that does not reach its end.
class EarlyEnd {
 public:
  EarlyEnd(RunDirectory& directory, TraceRecorder* recorder, const TrainingOptions& options)
      : directory_(directory), recorder_(recorder), options_(options) {}

  /// The error that stops the run matters more than one that comes up here.
  void write(RunState state, const std::string& reason) const {
    attempt([&] { directory_.log("stopped: " + reason); });
    attempt(
        [&] { directory_.end(state, state == RunState::stopped ? std::optional(reason) : std::nullopt); });
    attempt([&] {
      if (recorder_ != nullptr && recorder_->finish_early(reason) && options_.noted)
        options_.noted("the steps traced until then are a whole trace");
    });
  }

 private:
  template <typename Body>
  static void attempt(Body&& body) {
    try {
      body();
    } catch (const std::exception&) {
      return;
    }
  }
  RunDirectory& directory_;
  TraceRecorder* recorder_;
  const TrainingOptions& options_;
};

}  // namespace

TrainingResult train(const TrainingOptions& options, base::Progress& progress) {
  std::optional<std::filesystem::path> trace = plan_trace_directory(options);
  require_machine(options);
  std::optional<std::filesystem::path> weights;
  if (!options.weights.empty()) weights = find_checkpoint(options.weights);
  base::ThreadPool pool(options.threads, options.stops);
  const DataSet data = read_data_set(options.data, options.config.data, pool, progress);
  Run run(options, data, pool, progress);
  const std::set<std::int64_t> traced = run.plan_trace();
  if (weights) run.take_weights(*weights);

  RunDirectory directory = open_directory(options, data.sums);
  if (!directory.is_flushed() && options.noted)
    options.noted(fmt::format(
        "warning: {}: this file system cannot flush folders: the newest files may be lost when the "
        "power fails",
        directory.path().string()));
  if (trace && trace->empty()) trace = directory.path() / traces::run_names::trace;
  std::unique_ptr<TraceRecorder> recorder;
  try {
    directory.log(fmt::format("quatrain {}: {} from seed {}, SIMD path {}", QUATRAIN_VERSION,
                              options.config.name, options.config.seed, name_of(run.path())));
    if (options.machine != nullptr)
      directory.log(fmt::format("quantizers and 4-bit products on {}, {}", options.machine->name(),
                                options.machine->ran_on()));
    directory.log(fmt::format("data {}, data_sha256 {}", options.data.string(), data_sha256(data.sums)));
    const bool goes_on = options.resumes && run.resume(directory);
    if (weights && !goes_on) run.keep_start(*weights, directory);
    if (trace)
      recorder = std::make_unique<TraceRecorder>(
          *trace, options.config, data_sha256(data.sums),
          options.resumes ? std::optional(static_cast<std::uint32_t>(directory.step_losses().size()))
                          : std::nullopt);
    const auto watcher = options.watch ? options.watch(directory.path()) : nullptr;
    run.train_all(directory, recorder.get(), watcher.get(), traced);
    if (recorder) recorder->finish();
    directory.end(RunState::finished);
  } catch (const base::Interrupted& error) {
    EarlyEnd(directory, recorder.get(), options).write(RunState::interrupted, error.what());
    throw;
  } catch (const std::exception& error) {
    EarlyEnd(directory, recorder.get(), options).write(RunState::stopped, error.what());
    throw;
  }
  return {.run_directory = directory.path(),
          .trace = trace,
          .epochs = directory.epochs(),
          .profile = run.profile()};
}

}  // namespace quatrain::emu
