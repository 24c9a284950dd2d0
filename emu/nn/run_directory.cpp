#include "emu/nn/run_directory.hpp"

#include "traces/base/error.hpp"
#include "traces/base/files.hpp"

#include <algorithm>
#include <charconv>

namespace quatrain::emu {
namespace {

using traces::Error;
using traces::read_whole_file;
using traces::write_whole_file;

constexpr std::string_view metrics_header =
    "epoch,step,train_loss,test_loss,test_accuracy_percent,learning_rate,seconds,state_hash";
constexpr std::string_view steps_header = "step,loss";

std::string row_of(const EpochMetrics& m) {
  return fmt::format("{},{},{},{},{},{},{:.3f},{}", m.epoch, m.step, m.train_loss, m.test_loss,
                     m.test_accuracy_percent, m.learning_rate, m.seconds, m.state_hash);
}

/// Rows behind the header.
std::vector<std::string> read_rows(const std::filesystem::path& file, std::string_view header) {
  const std::string text = read_whole_file(file);
  std::vector<std::string> rows;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    rows.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (rows.empty() || rows.front() != header) throw Error("{}: line 1: expected '{}'", file.string(), header);
  rows.erase(rows.begin());
  return rows;
}

class RowReader {
 public:
  RowReader(std::string_view row, const std::filesystem::path& file, std::size_t line)
      : rest_(row), file_(file), line_(line) {}

  std::string_view word() {
    const std::size_t end = std::min(rest_.find(','), rest_.size());
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return found;
  }
  void expect_end() const {
    if (!rest_.empty())
      throw Error("{}: line {}: '{}'; expected the end of the line", file_.string(), line_,
                  traces::printable(rest_));
  }
  template <typename Number>
  Number number() {
    const std::string_view text = word();
    Number value{};
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size())
      throw Error("{}: line {}: '{}'; expected a number", file_.string(), line_, traces::printable(text));
    return value;
  }

 private:
  std::string_view rest_;
  const std::filesystem::path& file_;
  std::size_t line_;
};

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

void make_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure) throw Error("{}: cannot be created: {}", directory.string(), failure.message());
}

}  // namespace

RunDirectory RunDirectory::create(const std::filesystem::path& directory, const TrainingConfig& config) {
  if (std::filesystem::exists(directory) && !std::filesystem::is_directory(directory))
    throw Error("{}: is not a folder", directory.string());
  if (std::filesystem::exists(directory) && !std::filesystem::is_empty(directory))
    throw Error("{}: is not empty; expected a new folder, or to resume the run in it", directory.string());
  RunDirectory run(directory);
  make_directory(directory);
  write_whole_file(directory / "config.json", dump_training_config(config));
  make_directory(run.checkpoints());
  run.write_tables();
  return run;
}

RunDirectory RunDirectory::open(const std::filesystem::path& directory, const TrainingConfig& config) {
  const std::filesystem::path file = directory / "config.json";
  if (!std::filesystem::exists(file))
    throw Error("{}: no config.json here; expected an earlier run to resume", directory.string());
  if (read_whole_file(file) != dump_training_config(config))
    throw Error("{}: is not the config of this run; a run is resumed only with an equal one", file.string());
  RunDirectory run(directory);
  make_directory(run.checkpoints());
  run.read_tables();
  return run;
}

void RunDirectory::read_tables() {
  epochs_ = read_epochs(directory_);
  step_losses_ = read_step_losses(directory_);
}

void RunDirectory::write_tables() const {
  std::string text = fmt::format("{}\n", steps_header);
  for (std::size_t step = 0; step < step_losses_.size(); ++step)
    text += fmt::format("{},{}\n", step, step_losses_[step]);
  write_whole_file(directory_ / "steps.csv", text);
  text = fmt::format("{}\n", metrics_header);
  for (const EpochMetrics& metrics : epochs_) text += fmt::format("{}\n", row_of(metrics));
  write_whole_file(directory_ / "metrics.csv", text);
}

void RunDirectory::cut_to(const Checkpoint& checkpoint) {
  if (epochs_.size() < checkpoint.epoch)
    throw Error("{}: {} rows; the newest checkpoint is of epoch {}", (directory_ / "metrics.csv").string(),
                epochs_.size(), checkpoint.epoch);
  if (step_losses_.size() < checkpoint.step)
    throw Error("{}: {} rows; the newest checkpoint is of step {}", (directory_ / "steps.csv").string(),
                step_losses_.size(), checkpoint.step);
  epochs_.resize(checkpoint.epoch);
  step_losses_.resize(checkpoint.step);
  write_tables();
}

void RunDirectory::add_step(float loss) { step_losses_.push_back(loss); }

void RunDirectory::add_epoch(const EpochMetrics& metrics) {
  epochs_.push_back(metrics);
  write_tables();
}

void RunDirectory::log(std::string_view line) const { traces::append_line(directory_ / "log.txt", line); }

std::vector<EpochMetrics> read_epochs(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / "metrics.csv";
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
  const std::filesystem::path file = directory / "steps.csv";
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

std::filesystem::path first_free_run_directory(const std::filesystem::path& parent, std::string_view name) {
  for (unsigned number = 1;; ++number) {
    std::filesystem::path directory = parent / fmt::format("{}-{:03}", name, number);
    if (!std::filesystem::exists(directory)) return directory;
  }
}

}  // namespace quatrain::emu
