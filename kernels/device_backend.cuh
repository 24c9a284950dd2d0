#pragma once
/// The launchers behind Backend: they move operands to the device, launch the kernels in order and fetch the
/// results. One template makes every machine: by platform and rung.

#include "kernels/backend.hpp"
#include "kernels/gemm/epilogue.cuh"
#include "kernels/gemm/shape.cuh"
#include "kernels/launch_shape.hpp"
#include "kernels/quant/absmax.cuh"
#include "kernels/quant/codes.cuh"
#include "kernels/quant/luq.cuh"
#include "kernels/quant/sawb.cuh"

#include <cmath>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

template <typename Rung>
class DeviceBackend final : public Backend {
 public:
  /// `device` makes the Device: its arguments differ by platform.
  template <typename... DeviceArguments>
  explicit DeviceBackend(const LaunchShape& cut, DeviceArguments&&... device)
      : cut_(cut), device_(std::forward<DeviceArguments>(device)...) {}

  std::string ran_on() const override { return device_.name(); }

  QuantizerOutcome quantize(const traces::QuantizerTask& task) override {
    count_ = static_cast<unsigned>(task.source.size());
    device_.prepare(source_, count_);
    device_.upload(source_, 0, task.source);
    device_.prepare(codes_, blocks_for(count_, word_elements));
    const bool negative_is_bad = !traces::takes_negative(task.rule);
    QuantizerOutcome outcome;
    if (Access::measures_with_codes && quantize_in_one_pass(task, negative_is_bad, outcome)) return outcome;
    if (!accept(measure_maximum(negative_is_bad), outcome)) return outcome;
    switch (task.rule) {
      case traces::Rule::sawb_int4:
        quantize_sawb(true, outcome.result);
        break;
      case traces::Rule::sawb_uint4:
        quantize_sawb(false, outcome.result);
        break;
      case traces::Rule::luq_fp4:
      case traces::Rule::nearest_fp4:
        quantize_fp4(task, outcome);
        break;
    }
    return outcome;
  }

  traces::Refusal refuses(const traces::Gemm& gemm) const override {
    if constexpr (requires { Rung::sums_narrow; }) return std::nullopt;
    return traces::needs_exact_sums(gemm);
  }

  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    const GemmShape shape = make_shape(gemm, right.size());
    const std::size_t sample_bytes = padded_bytes(right[0].codes.size());
    device_.prepare(left_, padded_bytes(left.codes.size()));
    upload_padded(left_, 0, left.codes);
    device_.prepare(right_, sample_bytes * right.size());
    for (std::size_t s = 0; s < right.size(); ++s) upload_padded(right_, s * sample_bytes, right[s].codes);
    const auto outputs = static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry));
    device_.prepare(accumulators_, outputs);
    device_.prepare(output_, outputs);

    launch_gemm(gemm.phase, left.encoding, shape, {left_.data(), right_.data(), sample_bytes});
    traces::GemmResult result;
    result.scale = result_scale(left.scale, right[0].scale, right.size());
    const auto scale_sums = gemm.accumulator.is_float() ? scale_float_sums : scale_accumulators;
    device_.launch("scale_accumulators", scale_sums, dim3(blocks_for(outputs, cut_.threads)),
                   dim3(cut_.threads), accumulators_.data(), static_cast<int>(outputs), result.scale,
                   output_.data());
    result.accumulators.resize(outputs);
    result.output.resize(outputs);
    device_.download(std::span(result.accumulators), accumulators_);
    device_.download(std::span(result.output), output_);
    return result;
  }

 private:
  using Access = typename Rung::Access;
  static constexpr FoundMaximum no_maximum{0, no_element};
  static constexpr float smallest_maximum = 0x1p-100F;  // below it a tensor counts as zero
  static constexpr unsigned elements_per_thread = 64;   // of a reduction: few threads for a small tensor

  /// Starts a reduction over the source with `start` as its result so far, and returns the result.
  template <typename Result, typename... Parameters, typename... Arguments>
  Result reduce(const char* name, void (*kernel)(const float*, unsigned, Parameters...),
                Buffer<Result>& memory, const Result& start, Arguments... arguments) {
    const unsigned blocks = blocks_for(count_, std::size_t{cut_.threads} * elements_per_thread);
    Result result = start;
    device_.prepare(memory, 1);
    device_.upload(memory, 0, std::span<const Result>(&start, 1));
    device_.launch(name, kernel, dim3(blocks < cut_.reduction_blocks ? blocks : cut_.reduction_blocks),
                   dim3(cut_.threads), source_.data(), count_, arguments..., memory.data());
    device_.download(std::span(&result, 1), memory);
    return result;
  }

  FoundMaximum measure_maximum(bool negative_is_bad) {
    return reduce("find_maximum", find_maximum<Access>, maximum_, no_maximum, negative_is_bad);
  }

  /// False where an element is bad, which the outcome then says.
  static bool accept(const FoundMaximum& found, QuantizerOutcome& outcome) {
    if (found.first_bad != no_element) {
      outcome.status = QuantizerOutcome::Status::bad_element;
      outcome.element = found.first_bad;
      return false;
    }
    std::memcpy(&outcome.result.max, &found.bits, sizeof found.bits);
    return true;
  }

  /// The codes of the source by a coder (quant/codes.cuh).
  template <typename Coder>
  std::vector<std::uint8_t> make_codes_by(const Coder& coder) {
    launch_codes("make_codes", make_codes<Access, Coder>, coder, codes_.data());
    return fetch_codes();
  }

  template <typename... Parameters, typename... Arguments>
  void launch_codes(const char* name, void (*kernel)(const float*, unsigned, Parameters...),
                    Arguments... arguments) {
    const unsigned words = blocks_for(count_, word_elements);
    device_.launch(name, kernel, dim3(blocks_for(words, std::size_t{cut_.threads} * Access::words)),
                   dim3(cut_.threads), source_.data(), count_, arguments...);
  }
  std::vector<std::uint8_t> fetch_codes() {
    std::vector<std::uint32_t> packed(codes_.size());
    device_.download(std::span(packed), codes_);
    std::vector<std::uint8_t> codes(packed_bytes());
    std::memcpy(codes.data(), packed.data(), codes.size());  // little-endian on both platforms
    return codes;
  }
  std::size_t packed_bytes() const { return count_ / 2 + count_ % 2; }

  void quantize_sawb(bool is_signed, traces::QuantizerResult& result) {
    if (result.max < smallest_maximum) {
      result.codes.assign(packed_bytes(), 0);
      return;
    }
    traces::SawbFacts& facts = result.facts.emplace<traces::SawbFacts>();
    std::frexp(result.max, &facts.exponent);
    const SawbSums sums =
        reduce("sum_sawb", sum_sawb<Access>, sums_, {0, 0, 0}, std::ldexp(1.0F, 16 - facts.exponent));
    facts.count = is_signed ? count_ : sums.positive;
    facts.sum1 = sums.sum1;
    facts.sum2 = sums.sum2;
    facts.clip = sawb_clip(is_signed, facts.count, sums, facts.exponent, result.max);
    const float most = is_signed ? 7.0F : 15.0F, least = is_signed ? -most : 0.0F;  // codes
    result.scale = facts.clip / most;
    result.codes = make_codes_by(SawbCoder{most / facts.clip, least, most});
  }

  /// use(coder) with the coder of an FP4 rule; a draw of LUQ has 4, 8 or 16 bits (traces::check_task).
  template <typename Use>
  static void with_fp4_coder(const traces::QuantizerTask& task, float inverse, const Use& use) {
    if (task.rule == traces::Rule::nearest_fp4) return use(NearestCoder{inverse});
    const DrawStream draws{task.draws.seed, 0, task.draws.step, task.draws.layer, task.draws.sample};
    if (task.random_bits == 4) return use(LuqCoder<4>{inverse, draws});
    if (task.random_bits == 8) return use(LuqCoder<8>{inverse, draws});
    return use(LuqCoder<16>{inverse, draws});
  }

  /// The maximum that alpha follows from; nothing where that is out of range.
  static std::optional<float> maximum_of_alpha(traces::Alpha alpha, float maximum) {
    switch (alpha) {
      case traces::Alpha::exact:
        break;
      case traces::Alpha::pow2:
        if (maximum > 0x1p127F) return std::nullopt;
        int exponent = 0;
        const float fraction = std::frexp(maximum, &exponent);
        return std::ldexp(1.0F, fraction == 0.5F ? exponent - 1 : exponent);
    }
    return maximum;
  }

  void quantize_fp4(const traces::QuantizerTask& task, QuantizerOutcome& outcome) {
    traces::QuantizerResult& result = outcome.result;
    const float given = task.maximum.value_or(result.max);
    result.facts = traces::Fp4Facts{given};
    if (given < smallest_maximum) {
      result.codes.assign(packed_bytes(), 0);
      return;
    }
    const std::optional<float> maximum = maximum_of_alpha(task.alpha, given);
    if (!maximum) {
      outcome.status = QuantizerOutcome::Status::maximum_out_of_range;
      return;
    }
    result.scale = *maximum * 0x1p-6F;
    with_fp4_coder(task, 64.0F / *maximum, [&](const auto& coder) { result.codes = make_codes_by(coder); });
  }

  /// Where the maximum is given, codes need not wait for the measured one. False where that does not hold.
  bool quantize_in_one_pass(const traces::QuantizerTask& task, bool negative_is_bad,
                            QuantizerOutcome& outcome) {
    const bool is_fp4 = task.rule == traces::Rule::luq_fp4 || task.rule == traces::Rule::nearest_fp4;
    if (!is_fp4 || !task.maximum || *task.maximum < smallest_maximum) return false;
    const std::optional<float> maximum = maximum_of_alpha(task.alpha, *task.maximum);
    if (!maximum) return false;
    device_.prepare(maximum_, 1);
    device_.upload(maximum_, 0, std::span<const FoundMaximum>(&no_maximum, 1));
    with_fp4_coder(task, 64.0F / *maximum, [&]<typename Coder>(const Coder& coder) {
      launch_codes("make_codes_and_maximum", make_codes_and_maximum<Access, Coder>, coder, negative_is_bad,
                   codes_.data(), maximum_.data());
    });
    FoundMaximum found = no_maximum;
    device_.download(std::span(&found, 1), maximum_);
    if (!accept(found, outcome)) return true;
    outcome.result.facts = traces::Fp4Facts{*task.maximum};
    outcome.result.scale = *maximum * 0x1p-6F;
    outcome.result.codes = fetch_codes();
    return true;
  }

  void launch_gemm(Phase phase, Encoding left, const GemmShape& shape, const GemmOperands& operands) {
    switch (phase) {
      case Phase::forward:
        return launch_integers<Phase::forward, Encoding::int4>(left, shape, operands);
      case Phase::backward_data:
        return launch_rung<Phase::backward_data, Encoding::fp4_e3m0, Encoding::int4>(shape, operands);
      case Phase::backward_weight:
        return launch_integers<Phase::backward_weight, Encoding::fp4_e3m0>(left, shape, operands);
    }
  }
  template <Phase phase, Encoding right>
  void launch_integers(Encoding left, const GemmShape& shape, const GemmOperands& operands) {
    switch (left) {
      case Encoding::int4:
        return launch_rung<phase, Encoding::int4, right>(shape, operands);
      case Encoding::uint4:
        return launch_rung<phase, Encoding::uint4, right>(shape, operands);
      case Encoding::fp4_e3m0:
      case Encoding::int32:
      case Encoding::fp32:
        break;  // KernelMachine refuses them
    }
  }
  template <Phase phase, Encoding left, Encoding right>
  void launch_rung(const GemmShape& shape, const GemmOperands& operands) {
    rung_.template launch<phase, left, right>(device_, cut_, shape, operands, accumulators_);
  }

  void upload_padded(Buffer<std::uint8_t>& buffer, std::size_t offset, std::span<const std::uint8_t> codes) {
    static constexpr std::uint8_t zeros[8] = {};
    device_.upload(buffer, offset, codes);
    device_.upload(buffer, offset + codes.size(),
                   std::span<const std::uint8_t>(zeros, padded_bytes(codes.size()) - codes.size()));
  }

  LaunchShape cut_;
  Device device_;
  Rung rung_;
  unsigned count_ = 0;  ///< elements of the source at hand
  Buffer<float> source_, output_;
  Buffer<FoundMaximum> maximum_;
  Buffer<SawbSums> sums_;
  Buffer<std::uint32_t> codes_;
  Buffer<std::uint8_t> left_, right_;
  Buffer<std::int32_t> accumulators_;
};

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
