#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace quatrain::sim::report {
namespace {

using emu::GradientRow;

constexpr std::size_t most_points = 120;
constexpr std::size_t most_curves = 10;

/// A column of gradients.csv as a curve.
struct Curve {
  const char *title, *y_label;
  std::optional<double> (*value)(const GradientRow&);
};

std::optional<double> finite(const std::optional<float>& figure, double factor = 1) {
  if (!figure || !std::isfinite(*figure)) return std::nullopt;
  return factor * static_cast<double>(*figure);
}

const std::array<Curve, 7> all_curves = {{
    {"Largest gradient, log2", "log2 of the maximum",
     [](const GradientRow& row) -> std::optional<double> {
       if (row.statistics.maximum == 0) return std::nullopt;
       return std::log2(static_cast<double>(row.statistics.maximum));
     }},
    {"Elements below alpha", "% of the non-zero",
     [](const GradientRow& row) { return finite(row.statistics.below_alpha_share, 100); }},
    {"Elements with the top code", "% of the non-zero",
     [](const GradientRow& row) { return finite(row.statistics.top_code_share, 100); }},
    {"Signal to noise", "dB", [](const GradientRow& row) { return finite(row.statistics.snr_db); }},
    {"Cosine with the unquantized gradient", "cosine",
     [](const GradientRow& row) { return finite(row.statistics.cosine); }},
    {"Gain of the gradient (1 = unbiased)", "gain",
     [](const GradientRow& row) { return finite(row.statistics.gain); }},
    {"Log-normal sigma", "deviation of ln |x|",
     [](const GradientRow& row) { return finite(row.statistics.ln_sigma); }},
}};

/// In the order of the table, which is that of the network.
std::vector<std::string> layers_of(const TrainingRun& run) {
  std::vector<std::string> layers;
  for (const GradientRow& row : run.gradients)
    if (std::ranges::find(layers, row.layer) == layers.end()) layers.push_back(row.layer);
  return layers;
}

/// Means over equal stretches of the rows, so that many steps can be read.
Series curve_of(std::string name, const std::vector<std::pair<double, double>>& points) {
  const std::size_t stretch = (points.size() + most_points - 1) / most_points;
  Series series{.name = std::move(name), .y = {}, .x = {}, .bounds = {}};
  for (std::size_t first = 0; first < points.size(); first += stretch) {
    const std::size_t last = std::min(first + stretch, points.size());
    double x = 0, y = 0;
    for (std::size_t i = first; i < last; ++i) x += points[i].first, y += points[i].second;
    series.x.push_back(x / static_cast<double>(last - first));
    series.y.push_back(y / static_cast<double>(last - first));
  }
  return series;
}

Chart layer_curves(const TrainingRun& run, const Curve& curve) {
  Chart chart{
      .title = curve.title, .x_label = "step", .y_label = curve.y_label, .labels = {}, .series = {}};
  for (const std::string& layer : layers_of(run)) {
    std::vector<std::pair<double, double>> points;
    for (const GradientRow& row : run.gradients)
      if (const auto value = curve.value(row); row.layer == layer && value)
        points.emplace_back(static_cast<double>(row.step), *value);
    if (!points.empty()) chart.series.push_back(curve_of(layer, points));
  }
  return chart;
}

/// Of many layers: the least, the median and the largest of each step.
Chart range_curves(const TrainingRun& run, const Curve& curve) {
  Chart chart{.title = fmt::format("{}: range over the layers", curve.title),
              .x_label = "step",
              .y_label = curve.y_label,
              .labels = {},
              .series = {}};
  std::map<std::int64_t, std::vector<double>> by_step;
  for (const GradientRow& row : run.gradients)
    if (const auto value = curve.value(row)) by_step[row.step].push_back(*value);
  std::array<std::vector<std::pair<double, double>>, 3> curves;
  for (auto& [step, values] : by_step) {
    std::ranges::sort(values);
    const double x = static_cast<double>(step);
    curves[0].emplace_back(x, values.front());
    curves[1].emplace_back(x, values[values.size() / 2]);
    curves[2].emplace_back(x, values.back());
  }
  const std::array<const char*, 3> names = {"least", "median layer", "largest"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!curves[i].empty()) chart.series.push_back(curve_of(names[i], curves[i]));
  return chart;
}

Table means_table(const Report& report) {
  Table table{.title = "Gradients, mean over the steps of gradients.csv",
              .columns = {{"recipe", Align::left},
                          {"layer", Align::left},
                          {"steps"},
                          {"signal to noise"},
                          {"cosine"},
                          {"gain"},
                          {"below alpha"},
                          {"top code"},
                          {"sigma"}},
              .rows = {}};
  for (const TrainingRun& run : report.training)
    for (const GradientMeans& means : gradient_means(run)) {
      const auto text = [](const std::optional<double>& mean, const char* unit, int digits) {
        return mean ? fmt::format("{:.{}f}{}", *mean, digits, unit) : std::string();
      };
      table.rows.push_back({run.recipe, means.layer, grouped(means.steps), text(means.snr_db, " dB", 2),
                            text(means.cosine, "", 4), text(means.gain, "", 4),
                            means.below_alpha_share ? percent(*means.below_alpha_share) : "",
                            means.top_code_share ? percent(*means.top_code_share) : "",
                            text(means.ln_sigma, "", 3)});
    }
  table.is_detail = table.rows.size() > most_rows;
  return table;
}

}  // namespace

std::vector<GradientMeans> gradient_means(const TrainingRun& run) {
  std::vector<GradientMeans> all;
  for (const std::string& layer : layers_of(run)) {
    GradientMeans& means = all.emplace_back();
    means.layer = layer;
    const auto mean_of = [&](const std::optional<float> emu::GradientStatistics::*figure) {
      double sum = 0;
      std::size_t count = 0;
      for (const GradientRow& row : run.gradients)
        if (const auto value = finite(row.statistics.*figure); row.layer == layer && value)
          sum += *value, ++count;
      return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
    };
    means.steps = static_cast<std::uint64_t>(std::ranges::count(run.gradients, layer, &GradientRow::layer));
    means.snr_db = mean_of(&emu::GradientStatistics::snr_db);
    means.cosine = mean_of(&emu::GradientStatistics::cosine);
    means.gain = mean_of(&emu::GradientStatistics::gain);
    means.below_alpha_share = mean_of(&emu::GradientStatistics::below_alpha_share);
    means.top_code_share = mean_of(&emu::GradientStatistics::top_code_share);
    means.ln_sigma = mean_of(&emu::GradientStatistics::ln_sigma);
  }
  return all;
}

std::optional<Section> gradient_curves_section(const Report& report) {
  const auto has_rows = [](const TrainingRun& run) { return !run.gradients.empty(); };
  if (std::ranges::none_of(report.training, has_rows)) return std::nullopt;
  const auto traced = std::ranges::find_if(report.training, [&](const TrainingRun& run) {
    return has_rows(run) && run.folder == report.traced_folder;
  });
  const TrainingRun& shown =
      traced != report.training.end() ? *traced : *std::ranges::find_if(report.training, has_rows);
  Section section{.title = "Gradients while training", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.text.push_back(
      fmt::format("Statistics of dZ, the gradient of each layer's output, from gradients.csv; the curves are "
                  "those of the run {}. "
                  "Signal to noise, cosine and gain compare dZ with what its codes stand for, at one step "
                  "and with one sample. "
                  "alpha is the scale of the codes, or the maximum / 64 where there are none.",
                  shown.recipe));
  for (const Curve& curve : all_curves) {
    Chart chart =
        layers_of(shown).size() <= most_curves ? layer_curves(shown, curve) : range_curves(shown, curve);
    if (!chart.series.empty()) section.charts.push_back(std::move(chart));
  }
  section.tables.push_back(means_table(report));
  section.limits.emplace_back(
      "The gain of a single step has the noise of its draws. Its mean over the steps says whether the "
      "rounding is biased.");
  return section;
}

}  // namespace quatrain::sim::report
