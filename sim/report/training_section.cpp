#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::report {
namespace {

constexpr std::size_t most_losses = 120;

/// Means over equal stretches of steps, so that a curve of thousands of steps can be read.
Series smoothed(const TrainingRun& run, std::size_t stretch) {
  Series series{.name = run.recipe, .y = {}, .x = {}, .bounds = {}};
  for (std::size_t first = 0; first < run.step_losses.size(); first += stretch) {
    const std::size_t last = std::min(first + stretch, run.step_losses.size());
    double sum = 0;
    for (std::size_t step = first; step < last; ++step) sum += static_cast<double>(run.step_losses[step]);
    series.y.push_back(sum / static_cast<double>(last - first));
    series.x.push_back(static_cast<double>(first + last - 1) / 2);
  }
  return series;
}

Chart loss_chart(const Report& report) {
  std::size_t steps = 1;
  for (const TrainingRun& run : report.training) steps = std::max(steps, run.step_losses.size());
  const std::size_t stretch = (steps + most_losses - 1) / most_losses;
  Chart chart{.title = stretch == 1 ? "Training loss by step"
                                    : fmt::format("Training loss, mean of {} steps", stretch),
              .x_label = "step",
              .y_label = "loss",
              .labels = {},
              .series = {}};
  for (const TrainingRun& run : report.training) chart.series.push_back(smoothed(run, stretch));
  return chart;
}

Chart accuracy_chart(const Report& report) {
  Chart chart{
      .title = "Test accuracy by epoch", .x_label = "epoch", .y_label = "%", .labels = {}, .series = {}};
  for (const TrainingRun& run : report.training) {
    Series series{.name = run.recipe, .y = {}, .x = {}, .bounds = {}};
    for (const emu::EpochMetrics& epoch : run.epochs) {
      series.x.push_back(static_cast<double>(epoch.epoch));
      series.y.push_back(epoch.test_accuracy_percent);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

std::vector<Cell> epoch_row(const TrainingRun& run, const emu::EpochMetrics& epoch, std::string hash) {
  return {run.recipe,
          fmt::format("{}", epoch.epoch),
          fmt::format("{:.2f} %", epoch.test_accuracy_percent),
          fmt::format("{:.4f}", epoch.test_loss),
          fmt::format("{:.4f}", epoch.train_loss),
          std::move(hash)};
}

std::vector<Column> epoch_columns(const char* first) {
  return {{first, Align::left}, {"epoch"},      {"test accuracy"},
          {"test loss"},        {"train loss"}, {"state hash", Align::left}};
}

std::string_view forward_in_words(emu::ForwardRule rule) {
  switch (rule) {
    case emu::ForwardRule::sawb:
      return "inputs and weights SAWB INT4/UINT4";
    case emu::ForwardRule::sawb_weight:
      return "weights SAWB INT4, inputs fp32";
    case emu::ForwardRule::paper_code:
      return "inputs and weights as the published code (17 to 24 levels, not 4-bit)";
    case emu::ForwardRule::none:
      return "inputs and weights fp32";
  }
  return {};
}

std::string gradient_in_words(const emu::QuantizeConfig& quantize) {
  const std::string samples = fmt::format("{} sample{}", quantize.samples, quantize.samples == 1 ? "" : "s");
  switch (quantize.gradient) {
    case emu::GradientRule::luq:
      return fmt::format("LUQ FP4 ({} random bits, {})", quantize.random_bits, samples);
    case emu::GradientRule::nearest:
      return "FP4 to nearest";
    case emu::GradientRule::paper_code:
      return fmt::format("as the published code (17 levels, not 4-bit, {})", samples);
    case emu::GradientRule::none:
      return "fp32";
  }
  return {};
}

/// What a run quantizes, in words.
std::string in_words(const emu::TrainingConfig& config) {
  const emu::QuantizeConfig& quantize = config.quantize;
  return fmt::format("{}, gradients {}", forward_in_words(quantize.forward), gradient_in_words(quantize));
}

Table layers_table(const emu::TrainingConfig& config) {
  Table table{.title = "Network",
              .columns = {{"layer", Align::left},
                          {"kind", Align::left},
                          {"input"},
                          {"output"},
                          {"kernel"},
                          {"stride"},
                          {"padding"},
                          {"groups"},
                          {"forward MACs per image"},
                          {"precision", Align::left}},
              .rows = {},
              .is_detail = true};
  for (const emu::LayerConfig& layer : config.layers) {
    if (!layer.multiplies()) continue;
    const traces::Geometry& g = layer.geometry;
    const bool is_linear = layer.kind == emu::LayerWord::linear;
    table.rows.push_back(
        {layer.name, is_linear ? "linear" : "conv2d",
         fmt::format("{} x {} x {}", layer.input.channels, layer.input.height, layer.input.width),
         fmt::format("{} x {} x {}", layer.output.channels, layer.output.height, layer.output.width),
         is_linear ? "" : fmt::format("{} x {}", g.kernel_height, g.kernel_width),
         is_linear ? "" : fmt::format("{} x {}", g.stride_height, g.stride_width),
         is_linear ? "" : fmt::format("{} x {}", g.padding_height, g.padding_width),
         is_linear ? "" : fmt::format("{}", g.groups),
         grouped(static_cast<std::uint64_t>(traces::mac_count(traces::gemm_size(traces::Phase::forward, g)))),
         layer.precision == emu::Precision::fp32 ? "fp32"
         : layer.unsigned_input                  ? "quantized, input UINT4"
                                                 : "quantized, input INT4"});
  }
  return table;
}

/// Runs that ended before their last epoch; report.json has the same under "planned_epochs" and "stopped".
Table stopped_table(const Report& report) {
  Table table{.title = "Runs that stopped before their last epoch",
              .columns = {{"recipe", Align::left}, {"epochs ended"}, {"of"}, {"steps"}, {"why", Align::left}},
              .rows = {}};
  for (const TrainingRun& run : report.training)
    if (!run.is_complete())
      table.rows.push_back({{run.recipe, Tone::bad},
                            fmt::format("{}", run.epochs.size()),
                            fmt::format("{}", run.config.epochs),
                            grouped(run.step_losses.size()),
                            run.stopped.empty() ? "not known; it may still run" : run.stopped});
  return table;
}

}  // namespace

std::optional<Section> training_section(const Report& report) {
  if (report.training.empty()) return std::nullopt;
  Section section{.title = "Training", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  const emu::TrainingConfig& config = report.training.front().config;
  section.text.push_back(
      fmt::format("Network {}, batch {}, epochs {}, seed {}. First and last layer stay in fp32.", config.name,
                  config.batch, config.epochs, config.seed));
  const bool has_epochs =
      std::ranges::any_of(report.training, [](const TrainingRun& run) { return !run.epochs.empty(); });
  section.charts.push_back(loss_chart(report));
  if (has_epochs) section.charts.push_back(accuracy_chart(report));
  Table last{.title = "After the last epoch that ended", .columns = epoch_columns("recipe"), .rows = {}};
  last.columns.push_back({"quantized", Align::left});
  Table all{.title = "Every epoch", .columns = epoch_columns("recipe"), .rows = {}, .is_detail = true};
  for (const TrainingRun& run : report.training) {
    if (run.epochs.empty()) continue;
    last.rows.push_back(epoch_row(run, run.epochs.back(), run.epochs.back().state_hash.substr(0, 12)));
    last.rows.back().push_back(in_words(run.config));
    for (const emu::EpochMetrics& epoch : run.epochs)
      all.rows.push_back(epoch_row(run, epoch, epoch.state_hash));
  }
  if (Table stopped = stopped_table(report); !stopped.rows.empty())
    section.tables.push_back(std::move(stopped));
  if (has_epochs) section.tables.push_back(std::move(last));
  section.tables.push_back(layers_table(config));
  if (has_epochs) section.tables.push_back(std::move(all));
  section.limits = {
      "One seed and one small network: a few tenths of a point between recipes are within what another "
      "seed changes. What rounding does shows in the gradients, not here.",
      "Equal state hashes mean equal runs, bit for bit: weights, biases and momenta."};
  return section;
}

}  // namespace quatrain::sim::report
