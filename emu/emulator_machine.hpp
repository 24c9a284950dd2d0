#pragma once
/// The emulator behind traces/machine.hpp: unpack, quantize or multiply, scale, pack.

#include "emu/fault.hpp"
#include "emu/gemm/blocked.hpp"
#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/reference.hpp"
#include "emu/quant/reference.hpp"
#include "emu/quant/rules.hpp"
#include "traces/encoding/nibbles.hpp"

#include <type_traits>

namespace quatrain::emu {

/// Which of the emulator's two ways.
enum class Way : unsigned char { naive, blocked };

template <Way way, Fault fault>
class EmulatorMachine : public traces::Machine {
 public:
  EmulatorMachine() requires(way == Way::naive) : pool_(1) {}
  /// `pool` must outlive the machine.
  EmulatorMachine(SimdPath path, traces::ThreadPool& pool) requires(way == Way::blocked)
      : path_(path), pool_(pool) {}

  std::string name() const override { return way == Way::naive ? "emu.naive" : "emu.blocked"; }
  std::string ran_on() const override {
    if (way == Way::naive) return "scalar C++";
    return path_ == SimdPath::avx2 ? "AVX2" : "portable C++";
  }

  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    for (const traces::Encoding encoding : {left, right})
      if (!traces::is_four_bit(encoding)) return fmt::format("no products of {}", name_of(encoding));
    return way == Way::naive ? std::nullopt : why_not_lowered(gemm);
  }
  traces::Refusal refuses(traces::Rule) const override { return std::nullopt; }

  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    traces::check_task(task);
    const QuantizerConfig config{.rule = task.rule, .random_bits = task.random_bits, .alpha = task.alpha};
    QuantizedTensor out;
    quantizer(config)->quantize(task.source, task.draws, task.maximum, pool_, out);
    return {.codes = traces::pack_nibbles(out.codes),
            .max = out.max,
            .max_used = out.max_used,
            .exponent = out.exponent,
            .count = out.count,
            .sum1 = out.sum1,
            .sum2 = out.sum2,
            .clip = out.clip,
            .scale = out.scale};
  }

  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    traces::check_operands(gemm, left, right);
    const auto samples = static_cast<unsigned>(right.size());
    if (const auto reason = refuses(gemm, left.encoding, right.front().encoding))
      throw traces::Error("{}: {}", name(), *reason);
    require_exact_int32(gemm, left.encoding, right.front().encoding, samples);
    traces::GemmResult result;
    result.scale = scale_of_product<fault>(gemm.phase, left.scale, right.front().scale, samples);
    unpack(left, traces::left_elements(gemm.phase, gemm.geometry), false, left_);
    right_.resize(right.size());
    for (std::size_t sample = 0; sample < right.size(); ++sample)
      unpack(right[sample], traces::right_elements(gemm.phase, gemm.geometry), fault == Fault::swapped_nibble,
             right_[sample]);
    const auto elements = static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry));
    result.accumulators.resize(elements);
    if constexpr (way == Way::naive)
      multiply_directly<fault>(gemm, left_, right_, result.accumulators);
    else
      multiply_by_tiles<fault>(gemm, left_, right_, result.accumulators, path_, pool_, workspace_);
    result.output.resize(elements);
    scale_accumulators(result.accumulators, result.scale, result.output);
    return result;
  }

 private:
  std::unique_ptr<Quantizer> quantizer(const QuantizerConfig& config) const {
    if constexpr (way == Way::naive)
      return std::make_unique<ReferenceQuantizer<fault>>(config);
    else
      return make_fast_quantizer<fault>(config, path_);
  }

  static void unpack(const traces::Operand& operand, std::int64_t elements, bool exchanged,
                     QuantizedTensor& tensor) {
    const auto count = static_cast<std::size_t>(elements);
    tensor.encoding = operand.encoding;
    tensor.scale = operand.scale;
    tensor.codes = traces::unpack_nibbles(operand.codes, count);
    if (exchanged)
      for (std::size_t i = 0; i + 1 < count; i += 2) std::swap(tensor.codes[i], tensor.codes[i + 1]);
  }

  SimdPath path_ = SimdPath::portable;
  std::conditional_t<way == Way::naive, traces::ThreadPool, traces::ThreadPool&> pool_;
  QuantizedTensor left_;
  std::vector<QuantizedTensor> right_;
  GemmWorkspace workspace_;
};

}  // namespace quatrain::emu
