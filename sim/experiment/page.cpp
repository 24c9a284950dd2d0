#include "sim/experiment/page.hpp"

#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quatrain::sim::experiment {
namespace {

using report::Align;
using report::Chart;
using report::Page;
using report::Section;
using report::Series;
using report::Table;
using report::Tone;

constexpr std::size_t most_points = 120;

double accuracy_of(const emu::EpochMetrics& epoch) { return epoch.test_accuracy_percent; }

/// A column of both tables.
struct ShownFigure {
  const char* title;
  Figure figure;
  int decimals;
};
const std::array<ShownFigure, 3>& shown_figures() {
  static const std::array<ShownFigure, 3> figures = {{
      {"test accuracy, %", accuracy_of, 2},
      {"test loss", [](const emu::EpochMetrics& epoch) { return static_cast<double>(epoch.test_loss); }, 4},
      {"train loss", [](const emu::EpochMetrics& epoch) { return static_cast<double>(epoch.train_loss); }, 4},
  }};
  return figures;
}

std::string interval_text(const Sample& sample, int decimals, bool is_difference) {
  if (!sample.spread) return "";
  return is_difference
             ? fmt::format("{:+.{}f} to {:+.{}f}", sample.spread->low, decimals, sample.spread->high,
                           decimals)
             : fmt::format("{:.{}f} to {:.{}f}", sample.spread->low, decimals, sample.spread->high, decimals);
}

std::string deviation_text(const Sample& sample, int decimals) {
  return sample.spread ? fmt::format("{:.{}f}", sample.spread->deviation, decimals) : "";
}

std::size_t finished_runs(const std::vector<RunResult>& results) {
  return static_cast<std::size_t>(std::ranges::count_if(results, &RunResult::is_finished));
}

Table means_table(const Experiment& experiment, const std::vector<RunResult>& results) {
  Table table{.title = "After the last epoch: mean over the seeds",
              .columns = {{"variant", Align::left},
                          {"figure", Align::left},
                          {"runs"},
                          {"mean"},
                          {"deviation"},
                          {"95 % interval of the mean"},
                          {"smallest"},
                          {"largest"}},
              .rows = {}};
  for (std::size_t variant = 0; variant < experiment.variants.size(); ++variant)
    for (const ShownFigure& shown : shown_figures()) {
      const auto sample = sample_of(results, variant, shown.figure);
      if (!sample) continue;
      const auto number = [&](double value) { return fmt::format("{:.{}f}", value, shown.decimals); };
      table.rows.push_back({experiment.variants[variant].title, shown.title, fmt::format("{}", sample->count),
                            number(sample->mean), deviation_text(*sample, shown.decimals),
                            interval_text(*sample, shown.decimals, false), number(sample->smallest),
                            number(sample->largest)});
    }
  return table;
}

/// What an interval says of a difference.
std::string verdict_of(const Sample& difference) {
  if (!difference.spread) return "one pair: no interval";
  if (difference.spread->low > 0) return "higher";
  if (difference.spread->high < 0) return "lower";
  return "not told apart";
}

Table differences_table(const Experiment& experiment, const std::vector<RunResult>& results) {
  Table table{.title = fmt::format("Paired differences to {}, seed by seed",
                                   experiment.variants[experiment.baseline].title),
              .columns = {{"variant", Align::left},
                          {"figure", Align::left},
                          {"pairs"},
                          {"mean difference"},
                          {"deviation"},
                          {"95 % interval"},
                          {"verdict", Align::left}},
              .rows = {}};
  for (std::size_t variant = 0; variant < experiment.variants.size(); ++variant) {
    if (variant == experiment.baseline) continue;
    for (const ShownFigure& shown : shown_figures()) {
      const auto difference = paired_difference(experiment, results, variant, shown.figure);
      if (!difference) continue;
      table.rows.push_back({experiment.variants[variant].title, shown.title,
                            fmt::format("{}", difference->count),
                            fmt::format("{:+.{}f}", difference->mean, shown.decimals),
                            deviation_text(*difference, shown.decimals),
                            interval_text(*difference, shown.decimals, true), verdict_of(*difference)});
    }
  }
  return table;
}

std::pair<double, double> bounds_of(const Sample& sample) {
  return sample.spread ? std::pair(sample.spread->low, sample.spread->high)
                       : std::pair(sample.mean, sample.mean);
}

Chart means_chart(const Experiment& experiment, const std::vector<RunResult>& results) {
  Chart chart{.kind = Chart::Kind::marks,
              .title = "Test accuracy: mean and its 95 % interval",
              .x_label = "",
              .y_label = "%",
              .labels = {},
              .series = {{.name = "mean over the seeds", .y = {}, .x = {}, .bounds = {}}}};
  for (std::size_t variant = 0; variant < experiment.variants.size(); ++variant) {
    const auto sample = sample_of(results, variant, accuracy_of);
    if (!sample) continue;
    chart.labels.push_back(experiment.variants[variant].title);
    chart.series.front().y.push_back(sample->mean);
    chart.series.front().bounds.push_back(bounds_of(*sample));
  }
  return chart;
}

Chart differences_chart(const Experiment& experiment, const std::vector<RunResult>& results) {
  const std::string& base = experiment.variants[experiment.baseline].title;
  Chart chart{.kind = Chart::Kind::marks,
              .title = fmt::format("Test accuracy minus that of {}: mean and 95 % interval", base),
              .x_label = "",
              .y_label = "points",
              .labels = {},
              .series = {{.name = "paired by seed", .y = {}, .x = {}, .bounds = {}}},
              .reference = 0};
  for (std::size_t variant = 0; variant < experiment.variants.size(); ++variant) {
    if (variant == experiment.baseline) continue;
    const auto difference = paired_difference(experiment, results, variant, accuracy_of);
    if (!difference) continue;
    chart.labels.push_back(experiment.variants[variant].title);
    chart.series.front().y.push_back(difference->mean);
    chart.series.front().bounds.push_back(bounds_of(*difference));
  }
  return chart;
}

/// The runs of a variant that finished.
std::vector<const RunResult*> runs_of(const std::vector<RunResult>& results, std::size_t variant) {
  std::vector<const RunResult*> runs;
  for (const RunResult& result : results)
    if (result.is_finished && result.cell.variant == variant) runs.push_back(&result);
  return runs;
}

Series accuracy_series(const std::string& title, const std::vector<const RunResult*>& runs) {
  Series series{.name = title, .y = {}, .x = {}, .bounds = {}};
  for (std::size_t i = 0; i < runs.front()->epochs.size(); ++i) {
    double sum = 0;
    for (const RunResult* run : runs) sum += run->epochs.at(i).test_accuracy_percent;
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(sum / static_cast<double>(runs.size()));
  }
  return series;
}

/// Means over the runs and over stretches of steps.
Series loss_series(const std::string& title, const std::vector<const RunResult*>& runs, std::size_t stretch) {
  Series series{.name = title, .y = {}, .x = {}, .bounds = {}};
  const std::size_t steps = runs.front()->step_losses.size();
  for (std::size_t first = 0; first < steps; first += stretch) {
    const std::size_t last = std::min(first + stretch, steps);
    double sum = 0;
    for (const RunResult* run : runs)
      for (std::size_t step = first; step < last; ++step)
        sum += static_cast<double>(run->step_losses.at(step));
    series.y.push_back(sum / static_cast<double>((last - first) * runs.size()));
    series.x.push_back(static_cast<double>(first + last - 1) / 2);
  }
  return series;
}

Section comparison_section(const Experiment& experiment, const std::vector<RunResult>& results) {
  Section section{.title = "Comparison", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.text.push_back(fmt::format(
      "{} of {} runs have finished: {} variants with {} seeds ({}). Runs with one seed begin with the same "
      "weights "
      "and see the images in the same order, whatever the variant.",
      finished_runs(results), results.size(), experiment.variants.size(), experiment.seeds.size(),
      base::joined(experiment.seeds)));
  if (Chart chart = means_chart(experiment, results); !chart.labels.empty())
    section.charts.push_back(std::move(chart));
  if (Chart chart = differences_chart(experiment, results); !chart.labels.empty())
    section.charts.push_back(std::move(chart));
  if (Table table = means_table(experiment, results); !table.rows.empty())
    section.tables.push_back(std::move(table));
  if (Table table = differences_table(experiment, results); !table.rows.empty())
    section.tables.push_back(std::move(table));
  section.limits = {
      "The intervals are Student's, of a mean over seeds: they hold if the figure is spread normally over "
      "the "
      "seeds. "
      "With few seeds they are wide, and \"not told apart\" is not \"equal\".",
      "Each variant is compared with the baseline alone and by itself: of many comparisons at 95 %, one in "
      "20 "
      "may "
      "err.",
      "The seeds change weights, order and draws. Another network, data set or schedule may tell another "
      "story."};
  return section;
}

std::optional<Section> curves_section(const Experiment& experiment, const std::vector<RunResult>& results) {
  std::size_t steps = 1;
  for (const RunResult& result : results) steps = std::max(steps, result.step_losses.size());
  const std::size_t stretch = (steps + most_points - 1) / most_points;
  Chart loss{.title = stretch == 1 ? "Training loss by step, mean over the seeds"
                                   : fmt::format("Training loss, mean of {} steps and the seeds", stretch),
             .x_label = "step",
             .y_label = "loss",
             .labels = {},
             .series = {}};
  Chart accuracy{.title = "Test accuracy by epoch, mean over the seeds",
                 .x_label = "epoch",
                 .y_label = "%",
                 .labels = {},
                 .series = {}};
  for (std::size_t variant = 0; variant < experiment.variants.size(); ++variant) {
    const auto runs = runs_of(results, variant);
    if (runs.empty()) continue;
    loss.series.push_back(loss_series(experiment.variants[variant].title, runs, stretch));
    accuracy.series.push_back(accuracy_series(experiment.variants[variant].title, runs));
  }
  if (loss.series.empty()) return std::nullopt;
  Section section{.title = "Curves", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.charts = {std::move(loss), std::move(accuracy)};
  return section;
}

Section runs_section(const Experiment& experiment, const std::vector<RunResult>& results) {
  Section section{.title = "Every run", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  Table table{.title = "After the last epoch that ended",
              .columns = {{"variant", Align::left},
                          {"seed"},
                          {"epochs"},
                          {"test accuracy, %"},
                          {"test loss"},
                          {"train loss"},
                          {"seconds"},
                          {"state hash", Align::left},
                          {"not finished because", Align::left}},
              .rows = {},
              .is_detail = results.size() > report::most_rows};
  for (const RunResult& result : results) {
    double seconds = 0;
    for (const emu::EpochMetrics& epoch : result.epochs) seconds += epoch.seconds;
    std::vector<report::Cell> row = {experiment.variants[result.cell.variant].title,
                                     fmt::format("{}", result.cell.seed),
                                     fmt::format("{}", result.epochs.size())};
    if (result.epochs.empty()) {
      row.insert(row.end(), 5, report::Cell(""));
    } else {
      const emu::EpochMetrics& last = result.epochs.back();
      for (std::string text : {fmt::format("{:.2f}", last.test_accuracy_percent),
                               fmt::format("{:.4f}", last.test_loss), fmt::format("{:.4f}", last.train_loss),
                               fmt::format("{:.1f}", seconds), last.state_hash.substr(0, 12)})
        row.emplace_back(std::move(text));
    }
    const std::string why = result.is_finished ? "" : result.why_not.empty() ? "not begun" : result.why_not;
    row.emplace_back(why, why.empty() ? Tone::plain : Tone::bad);
    table.rows.push_back(std::move(row));
  }
  section.tables.push_back(std::move(table));
  section.text.emplace_back(
      "Equal state hashes mean equal runs, bit for bit. Seconds are those of this computer, with other runs "
      "beside it.");
  return section;
}

}  // namespace

Page make_page(const Experiment& experiment, const std::vector<RunResult>& results,
               const std::vector<std::string>& commands) {
  Page page{.title = fmt::format("Quatrain experiment: {}", experiment.name),
            .subtitle = fmt::format("{} variants of {}, {} seed{} each", experiment.variants.size(),
                                    experiment.config, experiment.seeds.size(),
                                    experiment.seeds.size() == 1 ? "" : "s"),
            .figures = {},
            .sections = {}};
  for (std::size_t variant = 0; variant < experiment.variants.size(); ++variant) {
    const auto sample = sample_of(results, variant, accuracy_of);
    if (!sample) continue;
    page.figures.push_back({.label = "Test accuracy, " + experiment.variants[variant].title,
                            .value = fmt::format("{:.2f} %", sample->mean),
                            .detail = sample->spread
                                          ? fmt::format("95 % interval {}, {} runs",
                                                        interval_text(*sample, 2, false), sample->count)
                                          : "one run: no interval"});
  }
  page.sections.push_back(comparison_section(experiment, results));
  if (auto curves = curves_section(experiment, results)) page.sections.push_back(std::move(*curves));
  page.sections.push_back(runs_section(experiment, results));
  Section repeat{.title = "How to repeat it", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  repeat.text.emplace_back(
      "The first command makes all of it again; each of the others makes one run of it. They give the same "
      "bits on "
      "any computer, with any number of threads.");
  repeat.commands = commands;
  page.sections.push_back(std::move(repeat));
  return page;
}

}  // namespace quatrain::sim::experiment
