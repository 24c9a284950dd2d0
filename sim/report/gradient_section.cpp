#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace quatrain::sim::report {
namespace {

std::string rule_in_words(const RoundingEffect& effect) {
  if (effect.rule == "nearest") return "nearest";
  return fmt::format("LUQ, {} sample{}", effect.samples, effect.samples == 1 ? "" : "s");
}

/// The records of one layer; consecutive in the study.
std::vector<const LayerFidelity*> records_of(const GradientStudy& study, const std::string& layer) {
  std::vector<const LayerFidelity*> records;
  for (const LayerFidelity& record : study.fidelity)
    if (record.layer == layer && !record.effects.empty()) records.push_back(&record);
  return records;
}

std::vector<std::string> layers_of(const GradientStudy& study) {
  std::vector<std::string> layers;
  for (const LayerFidelity& record : study.fidelity)
    if (!record.effects.empty() && (layers.empty() || layers.back() != record.layer))
      layers.push_back(record.layer);
  return layers;
}

std::vector<Cell> effect_row(const LayerFidelity& record, const RoundingEffect& effect) {
  return {record.layer,
          fmt::format("{}", record.step),
          rule_in_words(effect),
          percent(effect.dead_share),
          fmt::format("{:.4f}", effect.gain),
          effect.trials > 1 ? fmt::format("{:.4f}", effect.gain_deviation) : "",
          fmt::format("{:.4f}", effect.relative_error),
          fmt::format("{}", effect.trials)};
}

/// Gains of every rule by layer; low and high are the extremes over the traced steps.
Chart gain_chart(const GradientStudy& study) {
  Chart chart{.kind = Chart::Kind::ranges,
              .title = "Gain of the weight gradient by layer (1 = unbiased), range over the traced steps",
              .x_label = "",
              .y_label = "gain",
              .labels = layers_of(study),
              .series = {}};
  for (std::size_t rule = 0; rule < 4; ++rule) {
    Series series;
    for (const std::string& layer : chart.labels) {
      std::vector<double> gains;
      for (const LayerFidelity* record : records_of(study, layer)) {
        series.name = rule_in_words(record->effects[rule]);
        gains.push_back(record->effects[rule].gain);
      }
      const auto [low, high] = std::minmax_element(gains.begin(), gains.end());
      series.y.push_back(std::accumulate(gains.begin(), gains.end(), 0.0) /
                         static_cast<double>(gains.size()));
      series.bounds.emplace_back(*low, *high);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Chart histogram_chart(const GradientStudy& study) {
  Chart chart{.kind = Chart::Kind::bars,
              .title = "Gradient codes by value (in units of alpha)",
              .x_label = "value",
              .y_label = "% of the layer's codes",
              .labels = {},
              .series = {}};
  for (const int value : CodeHistogram::values) chart.labels.push_back(fmt::format("{}", value));
  for (const CodeHistogram& histogram : study.histograms) {
    Series series{.name = histogram.layer, .y = {}, .x = {}, .bounds = {}};
    const auto total = static_cast<double>(
        std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0}));
    for (const std::uint64_t count : histogram.counts)
      series.y.push_back(100 * static_cast<double>(count) / total);
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Table histogram_table(const GradientStudy& study) {
  Table table{.title = "Gradient codes by value, counted", .columns = {{"layer", Align::left}}, .rows = {}};
  table.is_detail = true;
  for (const int value : CodeHistogram::values) table.columns.push_back({fmt::format("{}", value)});
  for (const CodeHistogram& histogram : study.histograms) {
    std::vector<Cell>& row = table.rows.emplace_back();
    row.emplace_back(histogram.layer);
    for (const std::uint64_t count : histogram.counts) row.emplace_back(grouped(count));
  }
  return table;
}

}  // namespace

std::optional<Section> gradient_section(const Report& report) {
  if (!report.gradients) return std::nullopt;
  const GradientStudy& study = *report.gradients;
  Section section{
      .title = "What rounding does to the gradients", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  if (!study.fidelity.empty()) {
    section.text = {
        "The traced gradients dZ of every quantized layer were quantized again by each rule, and the weight "
        "gradient "
        "dW = X^T dZ was computed from them in fp64, with the decoded quantized input of the layer as X "
        "throughout.",
        "Dead: non-zero elements of dZ that become zero in every sample. Gain: <dW_q, dW> / <dW, dW> against "
        "the "
        "unquantized gradient; 1 is unbiased. Error: ||dW_q - dW|| / ||dW||. A trial is an independent set "
        "of draws; gain "
        "is their mean, error their root mean square."};
    if (!layers_of(study).empty()) section.charts.push_back(gain_chart(study));
    Table table{.title = "Rounding of the gradient, by layer and step",
                .columns = {{"layer", Align::left},
                            {"step"},
                            {"rule", Align::left},
                            {"dead"},
                            {"gain"},
                            {"deviation"},
                            {"error"},
                            {"trials"}},
                .rows = {}};
    for (const LayerFidelity& record : study.fidelity) {
      for (const RoundingEffect& effect : record.effects) table.rows.push_back(effect_row(record, effect));
      if (record.images < record.batch)
        section.limits.push_back(
            fmt::format("{}, step {}: over the first {} of {} images, to bound the time.", record.layer,
                        record.step, record.images, record.batch));
      if (record.effects.empty())
        section.limits.push_back(fmt::format("{}, step {}: the weight gradient is all zero; no ratio exists.",
                                             record.layer, record.step));
    }
    section.tables.push_back(std::move(table));
    section.limits.emplace_back(
        "A statistic in fp64 of single steps, not a bit-exact quantity: an unbiased gradient is what "
        "LUQ is for; what it does to accuracy depends on network and schedule.");
  }
  if (!study.histograms.empty()) {
    section.charts.push_back(histogram_chart(study));
    section.tables.push_back(histogram_table(study));
  }
  return section;
}

}  // namespace quatrain::sim::report
