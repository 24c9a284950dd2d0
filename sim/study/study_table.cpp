#include "sim/study/study_table.hpp"

#include <fmt/format.h>

namespace quatrain::sim::study {
namespace {

std::string pm(const Estimate& estimate) {
  return estimate.standard_error ? fmt::format("{:.5f} +-{:.5f}", estimate.mean, *estimate.standard_error)
                                 : fmt::format("{:.5f}", estimate.mean);
}

std::string line_of(const RoundingEffect& effect) {
  std::string text = fmt::format("  {:<16}  {:>7}  {:>6}  {:<19}  {:<19}", in_words(effect.setting),
                                 effect.samples, effect.trials, pm(effect.gain), pm(effect.relative_error));
  text += effect.expected ? fmt::format("  {:>8.5f}  {:>8.5f}", effect.expected->relative_error,
                                        effect.expected->error_floor)
                          : fmt::format("  {:>8}  {:>8}", "", "");
  return text + fmt::format("  {:>7.3f} %\n", 100 * effect.dead_share.mean);
}

}  // namespace

std::string in_words(const Setting& setting) {
  if (!traces::info_of(setting.rule).draws) return fmt::format("nearest {}", traces::name_of(setting.alpha));
  return fmt::format("LUQ {} bits {}", setting.random_bits, traces::name_of(setting.alpha));
}

std::string study_table(const GradientStudy& study) {
  std::string text;
  for (const StudiedGradient& gradient : study.gradients) {
    text +=
        fmt::format("{}, step {}: {} of {} of {} images, {} maximum\n", gradient.layer, gradient.step,
                    gradient.compared == Compared::gradient ? "the gradient itself, no input in the trace,"
                                                            : "weight gradient",
                    gradient.images, gradient.batch, traces::name_of(gradient.maximum));
    if (gradient.effects.empty()) {
      text += "  it has no norm (all zero, or too large); no ratio exists\n\n";
      continue;
    }
    text += fmt::format("  {:<16}  {:>7}  {:>6}  {:<19}  {:<19}  {:>8}  {:>8}  {:>9}\n", "rule", "samples",
                        "trials", "gain", "error", "expected", "floor", "dead");
    for (const RoundingEffect& effect : gradient.effects) text += line_of(effect);
    text += "\n";
  }
  return text;
}

}  // namespace quatrain::sim::study
