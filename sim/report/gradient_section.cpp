#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"
#include "sim/study/study_table.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quatrain::sim::report {
namespace {

constexpr std::size_t most_values = 10;  // beside each other at a value

using study::CodeHistogram;
using study::Estimate;
using study::GradientStudy;
using study::RoundingEffect;
using study::StudiedGradient;

/// The setting is said where a study has several of one rule.
std::string in_words(const RoundingEffect& effect, const std::vector<RoundingEffect>& all) {
  const auto alike = std::ranges::count_if(all, [&](const RoundingEffect& other) {
    return other.setting.rule == effect.setting.rule && other.samples == effect.samples;
  });
  const bool draws = traces::info_of(effect.setting.rule).draws;
  const std::string rule = alike > 1 ? study::in_words(effect.setting) : draws ? "LUQ" : "nearest";
  if (!draws) return rule;
  return fmt::format("{}, {} sample{}", rule, effect.samples, effect.samples == 1 ? "" : "s");
}

/// The gradients that have ratios.
std::vector<const StudiedGradient*> gradients_of(const GradientStudy& study) {
  std::vector<const StudiedGradient*> gradients;
  for (const StudiedGradient& gradient : study.gradients)
    if (!gradient.effects.empty()) gradients.push_back(&gradient);
  return gradients;
}

/// One mark for each layer, step and rule. A bar reaches one standard error up and down; a rule with one
/// trial has none.
Chart gain_chart(const std::vector<const StudiedGradient*>& gradients) {
  Chart chart{
      .kind = Chart::Kind::marks,
      .title = "Gain of the weight gradient by layer and step (1 = unbiased; bars: one standard error)",
      .x_label = "",
      .y_label = "gain",
      .labels = {},
      .series = {},
      .reference = 1};
  const std::vector<RoundingEffect>& first = gradients.front()->effects;
  for (const RoundingEffect& effect : first)
    chart.series.push_back({.name = in_words(effect, first), .y = {}, .x = {}, .bounds = {}});
  for (const StudiedGradient* gradient : gradients) {
    chart.labels.push_back(fmt::format("{}, {}", gradient->layer, gradient->step));
    for (std::size_t rule = 0; rule < gradient->effects.size(); ++rule) {
      const Estimate& gain = gradient->effects[rule].gain;
      const double error = gain.standard_error.value_or(0);
      chart.series[rule].y.push_back(gain.mean);
      chart.series[rule].bounds.emplace_back(gain.mean - error, gain.mean + error);
    }
  }
  return chart;
}

/// One row for each layer and step, one column for each rule.
Table effect_table(const std::vector<const StudiedGradient*>& gradients, std::string title,
                   std::string (*text_of)(const RoundingEffect&)) {
  Table table{.title = std::move(title), .columns = {{"layer", Align::left}, {"step"}}, .rows = {}};
  const std::vector<RoundingEffect>& first = gradients.front()->effects;
  for (const RoundingEffect& effect : first) table.columns.push_back({in_words(effect, first)});
  for (const StudiedGradient* gradient : gradients) {
    std::vector<Cell>& row =
        table.rows.emplace_back(std::vector<Cell>{gradient->layer, fmt::format("{}", gradient->step)});
    for (const RoundingEffect& effect : gradient->effects) row.emplace_back(text_of(effect));
  }
  table.is_detail = table.rows.size() > most_rows;
  return table;
}

std::string with_error(const Estimate& estimate) {
  return estimate.standard_error ? fmt::format("{:.4f} +-{:.4f}", estimate.mean, *estimate.standard_error)
                                 : fmt::format("{:.4f}", estimate.mean);
}

/// How the rules drew and scaled, with the layers that it holds for when they differ.
std::vector<std::string> settings_in_words(const GradientStudy& study) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_setting;
  for (const StudiedGradient& gradient : study.gradients) {
    std::vector<std::string> bits, alphas;
    const auto add = [](std::vector<std::string>& words, std::string word) {
      if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
    };
    for (const RoundingEffect& effect : gradient.effects) {
      if (traces::info_of(effect.setting.rule).draws)
        add(bits, fmt::format("{}", effect.setting.random_bits));
      add(alphas, std::string(name_of(effect.setting.alpha)));
    }
    if (bits.empty()) continue;
    const std::string setting =
        fmt::format("LUQ draws {} random bits for each element; alpha {} and the maximum {}, for both rules",
                    base::joined(bits), base::joined(alphas), name_of(gradient.maximum));
    auto found = std::ranges::find(by_setting, setting, [](const auto& known) { return known.first; });
    if (found == by_setting.end()) found = by_setting.insert(found, {setting, {}});
    if (found->second.empty() || found->second.back() != gradient.layer)
      found->second.push_back(gradient.layer);
  }
  std::vector<std::string> sentences;
  for (const auto& [setting, layers] : by_setting)
    sentences.push_back(by_setting.size() == 1 ? setting + "."
                                               : fmt::format("{}: {}.", base::joined(layers), setting));
  return sentences;
}

void add_tables(const GradientStudy& study, Section& section) {
  const auto gradients = gradients_of(study);
  if (gradients.empty()) return;
  section.charts.push_back(gain_chart(gradients));
  section.tables.push_back(
      effect_table(gradients, "Gain, mean of the trials +- its standard error",
                   [](const RoundingEffect& effect) { return with_error(effect.gain); }));
  section.tables.push_back(
      effect_table(gradients, "Error, root mean square of the trials +- its standard error",
                   [](const RoundingEffect& effect) { return with_error(effect.relative_error); }));
  section.tables.push_back(effect_table(
      gradients, "Error that the probabilities of the draws give", [](const RoundingEffect& effect) {
        return effect.expected ? fmt::format("{:.4f}", effect.expected->relative_error) : "";
      }));
  section.tables.push_back(effect_table(
      gradients, "Dead", [](const RoundingEffect& effect) { return percent(effect.dead_share.mean); }));
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
  if (!study.gradients.empty()) {
    section.text = {
        "`quatrain study` quantized the traced gradients dZ of every quantized layer again by each rule, and "
        "computed the weight gradient dW = X^T dZ from them in fp64; X is the layer's decoded quantized "
        "input throughout, so that only the gradient's rounding differs.",
        "Gain: <dW_q, dW> / <dW, dW> against the unquantized gradient; 1 is unbiased. Error: "
        "||dW_q - dW|| / ||dW||. Dead: non-zero elements of dZ that become zero in every sample. A trial is "
        "a "
        "mean of N samples. Behind +- stands the standard error of the mean over the trials. More samples "
        "leave the mean gain as it is and make the error smaller, as far as the random bits allow."};
    for (std::string& sentence : settings_in_words(study)) section.text.push_back(std::move(sentence));
    add_tables(study, section);
    for (const StudiedGradient& gradient : study.gradients) {
      if (gradient.images < gradient.batch)
        section.limits.push_back(
            fmt::format("{}, step {}: over the first {} of {} images, to bound the time.", gradient.layer,
                        gradient.step, gradient.images, gradient.batch));
      if (gradient.compared == study::Compared::gradient)
        section.limits.push_back(fmt::format(
            "{}, step {}: the trace holds no input of the layer; dZ itself is compared, in place of dW.",
            gradient.layer, gradient.step));
      if (gradient.effects.empty())
        section.limits.push_back(fmt::format(
            "{}, step {}: the weight gradient has no norm (it is all zero, or too large); no ratio exists.",
            gradient.layer, gradient.step));
    }
    section.limits.emplace_back(
        "A statistic in fp64 of single steps, not a bit-exact quantity: an unbiased gradient is what "
        "LUQ is for; what it does to accuracy depends on network and schedule.");
  }
  if (!study.histograms.empty()) {
    section.charts.push_back(study.histograms.size() <= most_values ? histogram_chart(study)
                                                                  : histogram_ranges(study));
    section.tables.push_back(histogram_table(study));
  }
  return section;
}

}  // namespace quatrain::sim::report
