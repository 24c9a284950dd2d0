#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quatrain::sim::report {
namespace {

constexpr std::size_t most_bars = 10;  // beside each other at a value

std::string rule_in_words(const RoundingEffect& effect) {
  if (effect.rule == "nearest") return "nearest";
  return fmt::format("LUQ, {} sample{}", effect.samples, effect.samples == 1 ? "" : "s");
}

/// The records that have ratios.
std::vector<const LayerFidelity*> records_of(const GradientStudy& study) {
  std::vector<const LayerFidelity*> records;
  for (const LayerFidelity& record : study.fidelity)
    if (!record.effects.empty()) records.push_back(&record);
  return records;
}

/// One mark for each layer, step and rule. A bar reaches one standard deviation of a single trial up and
/// down; a rule with one trial has none.
Chart gain_chart(const std::vector<const LayerFidelity*>& records) {
  Chart chart{
      .kind = Chart::Kind::marks,
      .title = "Gain of the weight gradient by layer and step (1 = unbiased; bars: spread of single trials)",
      .x_label = "",
      .y_label = "gain",
      .labels = {},
      .series = {},
      .reference = 1};
  for (const RoundingEffect& effect : records.front()->effects)
    chart.series.push_back({.name = rule_in_words(effect), .y = {}, .x = {}, .bounds = {}});
  for (const LayerFidelity* record : records) {
    chart.labels.push_back(fmt::format("{}, {}", record->layer, record->step));
    for (std::size_t rule = 0; rule < record->effects.size(); ++rule) {
      const RoundingEffect& effect = record->effects[rule];
      chart.series[rule].y.push_back(effect.gain);
      const double deviation = effect.gain_deviation.value_or(0);
      chart.series[rule].bounds.emplace_back(effect.gain - deviation, effect.gain + deviation);
    }
  }
  return chart;
}

/// One row for each layer and step, one column for each rule.
Table effect_table(const std::vector<const LayerFidelity*>& records, std::string title,
                   std::string (*text_of)(const RoundingEffect&)) {
  Table table{.title = std::move(title), .columns = {{"layer", Align::left}, {"step"}}, .rows = {}};
  for (const RoundingEffect& effect : records.front()->effects)
    table.columns.push_back({rule_in_words(effect)});
  for (const LayerFidelity* record : records) {
    std::vector<Cell>& row =
        table.rows.emplace_back(std::vector<Cell>{record->layer, fmt::format("{}", record->step)});
    for (const RoundingEffect& effect : record->effects) row.emplace_back(text_of(effect));
  }
  table.is_detail = table.rows.size() > most_rows;
  return table;
}

std::string spread_text(const RoundingEffect& effect) {
  return effect.gain_deviation ? fmt::format("{:.4f}", *effect.gain_deviation) : "one trial";
}

/// How the rules drew and scaled, with the records that it holds for when they differ.
std::vector<std::string> settings_in_words(const GradientStudy& study) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_setting;
  for (const LayerFidelity& record : study.fidelity) {
    const std::string setting =
        fmt::format("LUQ draws {} random bits for each element; alpha {} and the maximum {}, for both rules",
                    record.random_bits, name_of(record.alpha), name_of(record.maximum));
    auto found = std::ranges::find(by_setting, setting, [](const auto& known) { return known.first; });
    if (found == by_setting.end()) found = by_setting.insert(found, {setting, {}});
    if (found->second.empty() || found->second.back() != record.layer) found->second.push_back(record.layer);
  }
  std::vector<std::string> sentences;
  for (const auto& [setting, layers] : by_setting)
    sentences.push_back(by_setting.size() == 1 ? setting + "."
                                               : fmt::format("{}: {}.", base::joined(layers), setting));
  return sentences;
}

void add_tables(const GradientStudy& study, Section& section) {
  const auto records = records_of(study);
  if (records.empty()) return;
  section.charts.push_back(gain_chart(records));
  section.tables.push_back(
      effect_table(records, "Gain, mean of the trials",
                   [](const RoundingEffect& effect) { return fmt::format("{:.4f}", effect.gain); }));
  section.tables.push_back(
      effect_table(records, "Spread of the gain: standard deviation of a single trial", spread_text));
  section.tables.push_back(effect_table(records, "Error", [](const RoundingEffect& effect) {
    return fmt::format("{:.4f}", effect.relative_error);
  }));
  section.tables.push_back(
      effect_table(records, "Dead", [](const RoundingEffect& effect) { return percent(effect.dead_share); }));
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
    const auto total = static_cast<double>(histogram.total());
    for (const std::uint64_t count : histogram.counts)
      series.y.push_back(100 * static_cast<double>(count) / total);
    chart.series.push_back(std::move(series));
  }
  return chart;
}

/// Of many layers: the share over all of them, and the least and largest share of a layer.
Chart histogram_ranges(const GradientStudy& study) {
  Chart chart{
      .kind = Chart::Kind::ranges,
      .title = "Gradient codes by value (in units of alpha): range over the layers, all layers marked",
      .x_label = "value",
      .y_label = "% of the codes",
      .labels = {},
      .series = {}};
  Series series{.name = "all layers", .y = {}, .x = {}, .bounds = {}};
  const auto share = [](std::uint64_t count, std::uint64_t total) {
    return 100 * static_cast<double>(count) / static_cast<double>(total);
  };
  for (std::size_t place = 0; place < CodeHistogram::values.size(); ++place) {
    std::uint64_t count = 0, total = 0;
    double least = 100, largest = 0;
    for (const CodeHistogram& histogram : study.histograms) {
      count += histogram.counts[place];
      total += histogram.total();
      const double of_layer = share(histogram.counts[place], histogram.total());
      least = std::min(least, of_layer);
      largest = std::max(largest, of_layer);
    }
    chart.labels.push_back(fmt::format("{}", CodeHistogram::values[place]));
    series.y.push_back(share(count, total));
    series.bounds.emplace_back(least, largest);
  }
  chart.series.push_back(std::move(series));
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
        "The traced gradients dZ of every quantized layer were quantized again by each rule, and the "
        "weight gradient dW = X^T dZ was computed from them in fp64; X is the layer's decoded quantized "
        "input throughout, so that only the gradient's rounding differs.",
        "Gain: <dW_q, dW> / <dW, dW> against the unquantized gradient; 1 is unbiased. Error: "
        "||dW_q - dW|| / ||dW||. Dead: non-zero elements of dZ that become zero in every sample. All LUQ "
        "columns use the same 16 sets of draws: as 16 trials of 1 sample, 4 of 4, 1 of 16. The spread says "
        "how far a single trial lies from the mean of the trials; it is not the error of that mean. Errors "
        "are root mean squares over the trials. More samples leave the mean gain as it is and narrow its "
        "spread."};
    for (std::string& sentence : settings_in_words(study)) section.text.push_back(std::move(sentence));
    add_tables(study, section);
    for (const LayerFidelity& record : study.fidelity) {
      if (record.images < record.batch)
        section.limits.push_back(
            fmt::format("{}, step {}: over the first {} of {} images, to bound the time.", record.layer,
                        record.step, record.images, record.batch));
      if (record.effects.empty())
        section.limits.push_back(fmt::format(
            "{}, step {}: the weight gradient has no norm (it is all zero, or too large); no ratio exists.",
            record.layer, record.step));
    }
    section.limits.emplace_back(
        "A statistic in fp64 of single steps, not a bit-exact quantity: an unbiased gradient is what "
        "LUQ is for; what it does to accuracy depends on network and schedule.");
  }
  if (!study.histograms.empty()) {
    section.charts.push_back(study.histograms.size() <= most_bars ? histogram_chart(study)
                                                                  : histogram_ranges(study));
    section.tables.push_back(histogram_table(study));
  }
  return section;
}

}  // namespace quatrain::sim::report
