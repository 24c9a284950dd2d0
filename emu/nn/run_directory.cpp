#include "emu/nn/run_directory.hpp"

#include "emu/nn/table_rows.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/base/joined.hpp"
#include "traces/run_names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace quatrain::emu {
namespace {

namespace names = traces::run_names;
using base::Error;
using base::read_whole_file;
using base::write_whole_file;

constexpr std::string_view metrics_header =
    "epoch,step,train_loss,test_loss,test_accuracy_percent,learning_rate,seconds,state_hash";
constexpr std::string_view steps_header = "step,loss";

EpochMetrics read_metrics(const std::string& row, const std::filesystem::path& file, std::size_t line) {
  RowReader reader(row, file, line);
  EpochMetrics m;
  m.epoch = reader.number<std::int64_t>();
  m.step = reader.number<std::int64_t>();
  m.train_loss = reader.number<float>();
  m.test_loss = reader.number<float>();
  m.test_accuracy_percent = reader.number<double>();
  m.learning_rate = reader.number<float>();
  m.seconds = reader.number<double>();
  m.state_hash = std::string(reader.word());
  reader.expect_end();
  return m;
}

void require_same_data(const std::filesystem::path& file, const DataSums& before, const RunFile& now) {
  for (std::size_t i = 0; i < before.size() && i < now.data.size(); ++i) {
    const DataSum &was = before[i], &is = now.data[i];
    if (was.name == is.name && was.sha256 != is.sha256)
      throw Error("{}: the run was trained on other data: {} has SHA-256 {} there and {} in {}",
                  file.string(), was.name, was.sha256, is.sha256, now.data_folder);
  }
  const auto names_of = [](const DataSums& sums) {
    std::vector<std::string> names;
    for (const DataSum& sum : sums) names.push_back(sum.name);
    return base::joined(names);
  };
  if (names_of(before) != names_of(now.data))
    throw Error("{}: the run was trained on other data: its files were {}, and are {} in {}", file.string(),
                names_of(before), names_of(now.data), now.data_folder);
}

/// The config in `file` but for a larger number of epochs.
bool wants_more_epochs(const std::filesystem::path& file, const TrainingConfig& config) {
  TrainingConfig longer = read_training_config(base::JsonNode::read(file));
  if (longer.epochs >= config.epochs) return false;
  longer.epochs = config.epochs;
  return dump_training_config(longer) == dump_training_config(config);
}

/// What a write leaves that a kill or a power loss ended: nobody reads it.
void remove_left_overs(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().filename().string().find(".partial-") != std::string::npos)
      files.push_back(entry.path());
  for (const std::filesystem::path& file : files) std::filesystem::remove(file);
}

void make_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure) throw Error("{}: cannot be created: {}", directory.string(), failure.message());
}

}  // namespace

RunDirectory::RunDirectory(std::filesystem::path directory, RunFile run)
    : directory_(std::move(directory)), run_(std::move(run)) {
  lock_.emplace(directory_ / names::config, "another training works in this run; expected one that has ended",
                std::chrono::milliseconds(0));
}

RunDirectory RunDirectory::create(const std::filesystem::path& directory, const TrainingConfig& config,
                                  RunFile run_file) {
  if (std::filesystem::exists(directory) && !std::filesystem::is_directory(directory))
    throw Error("{}: is not a folder", directory.string());
  if (!base::make_new_directory(directory) && !std::filesystem::is_empty(directory))
    throw Error("{}: is not empty; expected a new folder, or to resume the run in it", directory.string());
  // Who writes the config has the folder: another process may have found it empty at the same time.
  const bool is_flushed = base::write_new_file(directory / names::config, dump_training_config(config));
  RunDirectory run(directory, std::move(run_file));
  run.is_flushed_ = is_flushed;
  make_directory(run.checkpoints());
  run.write_tables();
  run.write_run();
  return run;
}

RunDirectory RunDirectory::open(const std::filesystem::path& directory, const TrainingConfig& config,
                                RunFile run_file) {
  const std::filesystem::path file = directory / names::config;
  if (!std::filesystem::exists(file))
    throw Error("{}: no config.json here; expected an earlier run to resume", directory.string());
  const auto before = read_run_file(directory);
  const bool has_finished = before && before->state == RunState::finished;
  if (!has_finished || !wants_more_epochs(file, config)) require_same_config(directory, config);
  if (before) {
    require_same_data(directory / names::run, before->data, run_file);
    run_file.commands.insert(run_file.commands.begin(), before->commands.begin(), before->commands.end());
  }
  RunDirectory run(directory, std::move(run_file));
  make_directory(run.checkpoints());
  for (const std::filesystem::path& folder : {directory, run.checkpoints()}) remove_left_overs(folder);
  run.read_tables();
  write_whole_file(file, dump_training_config(config));  // the same text, unless it has more epochs
  return run;
}

/// A run that was killed while its folder was made may lack a table: it has no rows yet.
void RunDirectory::read_tables() {
  if (std::filesystem::exists(directory_ / names::metrics)) epochs_ = read_epochs(directory_);
  if (std::filesystem::exists(directory_ / names::steps)) step_losses_ = read_step_losses(directory_);
  gradients_ = read_gradients(directory_);
  hashes_ = read_hashes(directory_);
}

void RunDirectory::set_hashed_tensors(std::vector<std::string> tensors) {
  if (!hashes_.tensors.empty() && hashes_.tensors != tensors)
    throw Error("{}: line 1: has other columns; expected step and the tensors of the config's layers",
                (directory_ / names::hashes).string());
  hashes_.tensors = std::move(tensors);
}

/// A run that looks at no gradients has no such table.
void RunDirectory::write_gradient_table() {
  const auto steps =
      static_cast<std::int64_t>(step_losses_.size());  // a step that failed has rows and no loss
  std::erase_if(gradients_, [steps](const GradientRow& row) { return row.step >= steps; });
  if (!gradients_.empty() || std::filesystem::exists(directory_ / names::gradients))
    write_gradients(directory_, gradients_);
}

/// Neither has a run that hashes nothing.
void RunDirectory::write_hash_table() {
  const auto steps = static_cast<std::int64_t>(step_losses_.size());
  std::erase_if(hashes_.rows, [steps](const HashRow& row) { return row.step >= steps; });
  if (!hashes_.rows.empty() || std::filesystem::exists(directory_ / names::hashes))
    write_hashes(directory_, hashes_);
}

void RunDirectory::write_tables() {
  std::string text = fmt::format("{}\n", steps_header);
  for (std::size_t step = 0; step < step_losses_.size(); ++step)
    text += fmt::format("{},{}\n", step, step_losses_[step]);
  write_whole_file(directory_ / names::steps, text);
  text = fmt::format("{}\n", metrics_header);
  for (const EpochMetrics& metrics : epochs_) text += fmt::format("{}\n", row_of(metrics));
  write_whole_file(directory_ / names::metrics, text);
  write_gradient_table();
  write_hash_table();
}

void RunDirectory::cut_to(const Checkpoint& checkpoint) {
  if (epochs_.size() < checkpoint.epoch)
    throw Error("{}: {} rows; the newest checkpoint is of epoch {}", (directory_ / names::metrics).string(),
                epochs_.size(), checkpoint.epoch);
  if (step_losses_.size() < checkpoint.step)
    throw Error("{}: {} rows; the newest checkpoint is of step {}", (directory_ / names::steps).string(),
                step_losses_.size(), checkpoint.step);
  epochs_.resize(checkpoint.epoch);
  step_losses_.resize(checkpoint.step);
  write_tables();
  write_run();
}

void RunDirectory::add_step(float loss) { step_losses_.push_back(loss); }

void RunDirectory::save() {
  write_tables();
  write_run();
}

void RunDirectory::add_epoch(const EpochMetrics& metrics) {
  epochs_.push_back(metrics);
  save();
}

void RunDirectory::write_run() {
  run_.epochs = static_cast<std::int64_t>(epochs_.size());
  run_.steps = static_cast<std::int64_t>(step_losses_.size());
  is_flushed_ &= write_run_file(directory_, run_);
}

void RunDirectory::end(RunState state, const std::optional<std::string>& reason) {
  run_.state = state;
  run_.reason = reason;
  write_tables();
  write_run();
}

void RunDirectory::log(std::string_view line) const { base::append_line(directory_ / names::log, line); }

std::string row_of(const EpochMetrics& m) {
  return fmt::format("{},{},{},{},{},{},{:.3f},{}", m.epoch, m.step, m.train_loss, m.test_loss,
                     m.test_accuracy_percent, m.learning_rate, m.seconds, m.state_hash);
}

void require_same_config(const std::filesystem::path& directory, const TrainingConfig& config) {
  const std::filesystem::path file = directory / names::config;
  const std::string wanted = dump_training_config(config);
  const std::string text = read_whole_file(file);
  if (text == wanted) return;
  const auto here = nlohmann::json::parse(text, nullptr, false), asked = nlohmann::json::parse(wanted);
  const auto changes = nlohmann::json::diff(here, asked);
  const std::string key = changes.empty() ? "" : changes.front().at("path").get<std::string>();
  const nlohmann::json::json_pointer place(key);
  if (here.is_discarded() || key.empty() || !here.contains(place) || !asked.contains(place))
    throw Error("{}: is not the config of this run; a run goes on only with an equal one", file.string());
  throw Error(
      "{}: {}: is {} in this run and {} now; a run goes on only with an equal config{}", file.string(), key,
      here.at(place).dump(), asked.at(place).dump(),
      key == "/epochs" ? " (the learning rate depends on it; a run that has finished takes more)" : "");
}

std::vector<EpochMetrics> read_epochs(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / names::metrics;
  std::vector<EpochMetrics> epochs;
  for (const std::string& row : read_rows(file, metrics_header)) {
    epochs.push_back(read_metrics(row, file, epochs.size() + 2));
    if (epochs.back().epoch != static_cast<std::int64_t>(epochs.size()))
      throw Error("{}: line {}: epoch {}; expected {}", file.string(), epochs.size() + 1, epochs.back().epoch,
                  epochs.size());
  }
  return epochs;
}

std::vector<float> read_step_losses(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / names::steps;
  std::vector<float> losses;
  for (const std::string& row : read_rows(file, steps_header)) {
    RowReader reader(row, file, losses.size() + 2);
    if (const auto step = reader.number<std::uint64_t>(); step != losses.size())
      throw Error("{}: line {}: step {}; expected {}", file.string(), losses.size() + 2, step, losses.size());
    losses.push_back(reader.number<float>());
    reader.expect_end();
  }
  return losses;
}

std::filesystem::path make_numbered_directory(const std::filesystem::path& parent, std::string_view name) {
  for (unsigned number = 1;; ++number) {
    std::filesystem::path directory = parent / fmt::format("{}-{:03}", name, number);
    if (base::make_new_directory(directory)) return directory;
  }
}

}  // namespace quatrain::emu
