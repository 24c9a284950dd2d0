#include "rtl_models/quantizer/wired_quantizer.hpp"
#include "rtl_models/quantizer_model.hpp"
#include "rtl_models/systemc_kernel.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <array>
#include <bit>

namespace quatrain::rtl_models {
namespace {

std::span<const QuantizerPass> passes_of(const traces::QuantizerTask& task, bool has_maximum) {
  using enum QuantizerPass;
  static constexpr std::array of_integers = {measure, sum, scale, code};
  static constexpr std::array of_levels = {measure, scale, code};
  static constexpr std::array of_given_maximum = {scale, measure_and_code};
  switch (task.rule) {
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      return of_integers;
    case traces::Rule::luq_fp4:
    case traces::Rule::nearest_fp4:
      if (has_maximum) return of_given_maximum;
      return of_levels;
  }
  __builtin_unreachable();
}

bool takes_maximum(traces::Rule rule) {
  return std::holds_alternative<traces::Fp4Facts>(traces::info_of(rule).facts);
}

QuantizerSettings settings_of(const traces::QuantizerTask& task) {
  QuantizerSettings settings;
  settings.rule = task.rule;
  settings.alpha = task.alpha;
  settings.random_bits = traces::info_of(task.rule).draws ? task.random_bits : 0;
  settings.key = {task.draws.seed, 0};  // stream 0: LUQ
  settings.step = task.draws.step;
  settings.layer = task.draws.layer;
  settings.sample = task.draws.sample;
  settings.has_maximum = task.maximum && takes_maximum(task.rule);
  if (settings.has_maximum && *task.maximum != 0)
    settings.maximum = std::bit_cast<std::uint32_t>(*task.maximum);
  return settings;
}

[[noreturn]] void refuse_element(const traces::QuantizerTask& task, std::uint64_t at) {
  const float element = task.source[at];
  const auto bits = std::bit_cast<std::uint32_t>(element);
  if (magnitude_of(bits) < infinity_bits<Fp32>)
    throw base::Error("layer {}, step {}: element {} is {}; expected none below zero for {}",
                      task.draws.layer, task.draws.step, at, element, traces::name_of(task.rule));
  throw base::Error("layer {}, step {}: element {} is {}; expected a finite number", task.draws.layer,
                    task.draws.step, at,
                    magnitude_of(bits) > infinity_bits<Fp32> ? "NaN"
                    : is_negative(bits)                      ? "-infinity"
                                                             : "infinity");
}

[[noreturn]] void refuse_maximum(const traces::QuantizerTask& task, std::uint32_t maximum) {
  const auto used = std::bit_cast<float>(maximum);
  const std::string where =
      fmt::format("layer {}, step {}: maximum out of range: {}", task.draws.layer, task.draws.step, used);
  if (maximum < infinity_bits<Fp32>) throw base::Error("{} is over 2^127, and alpha is pow2", where);
  throw base::Error("{} is not a finite number >= 0", where);
}

bool is_power_of_two_up_to(unsigned number, unsigned most) {
  return std::has_single_bit(number) && number <= most;
}

class ElaboratedQuantizer final : public QuantizerModel {
 public:
  ElaboratedQuantizer(unsigned lanes, QuantizerPlacement placement, unsigned sample_groups)
      : lanes_(lanes),
        placement_(placement),
        wired_(std::make_unique<WiredQuantizer>(lanes, sample_groups)) {}

  /// Before the first run the kernel holds on to the processes of what was built: it keeps the units then.
  ~ElaboratedQuantizer() override {
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) static_cast<void>(wired_.release());
  }

  unsigned lanes() const override { return lanes_; }

  QuantizerRun quantize(const traces::QuantizerTask& task) override {
    SampledRun run = quantized(task, 1);
    return {std::move(run.samples.front()), run.cycles};
  }

  SampledRun quantize_samples(const traces::QuantizerTask& task, unsigned samples) override {
    if (samples == 0 || samples > most_samples || (samples > 1 && !traces::info_of(task.rule).draws))
      throw base::Error("{} samples of {}: expected 1 to {} of a rule that draws", samples,
                        traces::name_of(task.rule), most_samples);
    return quantized(task, samples);
  }

 private:
  SampledRun quantized(const traces::QuantizerTask& task, unsigned samples) {
    traces::check_task(task);
    QuantizerSettings settings = settings_of(task);
    settings.samples = samples;
    codes_.resize(samples);
    for (auto& of_sample : codes_) of_sample.resize(task.source.size());
    const std::span<const QuantizerPass> passes = passes_of(task, settings.has_maximum);
    const bool is_measured_before =
        placement_ == QuantizerPlacement::fused && passes.front() == QuantizerPass::measure;
    wired_->run({settings, task.source, passes, is_measured_before ? 1U : 0U, codes_});
    const MeasuredMaximum& measured = wired_->measured();
    const Scaling& scaling = wired_->scaling();
    if (measured.refused) refuse_element(task, measured.refused_at);
    const std::uint32_t used = settings.has_maximum ? settings.maximum : measured.maximum;
    if (scaling.out_of_range) refuse_maximum(task, used);
    traces::QuantizerResult result{.codes = {},
                                   .max = std::bit_cast<float>(measured.maximum),
                                   .scale = std::bit_cast<float>(scaling.scale),
                                   .facts = traces::info_of(task.rule).facts};
    if (auto* const fp4 = std::get_if<traces::Fp4Facts>(&result.facts))
      fp4->max_used = settings.has_maximum ? *task.maximum : result.max;
    else if (scaling.scale != 0)
      result.facts = sawb_facts();
    SampledRun run{std::vector<traces::QuantizerResult>(samples, result), wired_->cycles()};
    for (unsigned sample = 0; sample < samples; ++sample)
      run.samples[sample].codes = traces::pack_nibbles(codes_[sample]);
    return run;
  }

  traces::SawbFacts sawb_facts() const {
    const MeasuredSums& sums = wired_->sums();
    return {exponent_above(wired_->measured().maximum), sums.count, sums.sum1, sums.sum2,
            std::bit_cast<float>(wired_->scaling().clip)};
  }

  unsigned lanes_;
  QuantizerPlacement placement_;
  std::unique_ptr<WiredQuantizer> wired_;
  std::vector<std::vector<std::uint8_t>> codes_;  ///< of each sample: one a byte
};

}  // namespace

std::unique_ptr<QuantizerModel> make_quantizer_model(unsigned lanes, QuantizerPlacement placement,
                                                     unsigned sample_groups) {
  if (lanes == 0 || lanes > most_lanes)
    throw base::Error("a quantizer of {} lanes: expected 1 to {}", lanes, most_lanes);
  if (!is_power_of_two_up_to(sample_groups, most_samples))
    throw base::Error("a quantizer of {} groups of lanes: expected 1, 2, 4, 8 or 16", sample_groups);
  require_elaboration();
  return std::make_unique<ElaboratedQuantizer>(lanes, placement, sample_groups);
}

}  // namespace quatrain::rtl_models
