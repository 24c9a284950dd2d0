#include "emu/machine.hpp"

#include "emu/gemm/blocked.hpp"
#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/lowering.hpp"
#include "emu/gemm/reference.hpp"
#include "emu/quant/reference.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <type_traits>

namespace quatrain::emu {
namespace {

/// The emulator behind traces/machine.hpp: unpack, quantize or multiply, scale, pack. Which of its two ways:
enum class Way : unsigned char { naive, blocked };

template <Way way>
class EmulatorMachine final : public traces::Machine {
 public:
  EmulatorMachine() requires(way == Way::naive) : pool_(1) {}
  /// `pool` must outlive the machine.
  EmulatorMachine(SimdPath path, base::ThreadPool& pool) requires(way == Way::blocked)
      : path_(path), pool_(pool) {}

  std::string name() const override { return way == Way::naive ? "emu.naive" : "emu.blocked"; }
  std::string ran_on() const override {
    if (way == Way::naive) return "scalar C++";
    return std::string(title_of(path_));
  }

  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    for (const traces::Encoding encoding : {left, right})
      if (!traces::is_four_bit(encoding)) return fmt::format("no products of {}", name_of(encoding));
    if (way == Way::naive) return std::nullopt;
    if (const auto reason = traces::needs_exact_sums(gemm)) return reason;
    return why_not_lowered(gemm);
  }
  traces::Refusal refuses(traces::Rule) const override { return std::nullopt; }

  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    traces::check_task(task);
    const QuantizerConfig config{.rule = task.rule, .random_bits = task.random_bits, .alpha = task.alpha};
    QuantizedTensor out;
    quantizer(config)->quantize(task.source, task.draws, task.maximum, pool_, out);
    return {.codes = traces::pack_nibbles(out.codes), .max = out.max, .scale = out.scale, .facts = out.facts};
  }

  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    traces::check_operands(gemm, left, right);
    const auto samples = static_cast<unsigned>(right.size());
    if (const auto reason = refuses(gemm, left.encoding, right.front().encoding))
      throw base::Error("{}: {}", name(), *reason);
    traces::GemmResult result;
    result.scale = product_scale(left.scale, right.front().scale, samples);
    unpack(left, traces::left_elements(gemm.phase, gemm.geometry), left_);
    right_.resize(right.size());
    for (std::size_t sample = 0; sample < right.size(); ++sample)
      unpack(right[sample], traces::right_elements(gemm.phase, gemm.geometry), right_[sample]);
    const auto elements = static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry));
    result.accumulators.resize(elements);
    if constexpr (way == Way::naive)
      multiply_reference(gemm, left_, right_, result.accumulators);
    else
      multiply_blocked(gemm, left_, right_, result.accumulators, path_, pool_, workspace_);
    result.output.resize(elements);
    scale_sums(gemm.accumulator, result.accumulators, result.scale, result.output, SimdPath::portable, pool_);
    return result;
  }

 private:
  std::unique_ptr<Quantizer> quantizer(const QuantizerConfig& config) const {
    if constexpr (way == Way::naive)
      return std::make_unique<ReferenceQuantizer>(config);
    else
      return make_quantizer(config, path_);
  }

  static void unpack(const traces::Operand& operand, std::int64_t elements, QuantizedTensor& tensor) {
    const auto count = static_cast<std::size_t>(elements);
    tensor.encoding = operand.encoding;
    tensor.scale = operand.scale;
    tensor.codes = traces::unpack_nibbles(operand.codes, count);
  }

  SimdPath path_ = SimdPath::portable;
  std::conditional_t<way == Way::naive, base::ThreadPool, base::ThreadPool&> pool_;
  QuantizedTensor left_;
  std::vector<QuantizedTensor> right_;
  GemmWorkspace workspace_;
};

}  // namespace

std::unique_ptr<traces::Machine> make_naive_machine() {
  return std::make_unique<EmulatorMachine<Way::naive>>();
}

std::unique_ptr<traces::Machine> make_blocked_machine(base::ThreadPool& pool) {
  return std::make_unique<EmulatorMachine<Way::blocked>>(chosen_path(), pool);
}

std::vector<traces::MachineOffer> machine_offers() {
  const auto runs_everywhere = [] { return std::nullopt; };
  return {{"emu.naive", runs_everywhere, [](base::ThreadPool&) { return make_naive_machine(); }},
          {"emu.blocked", runs_everywhere, make_blocked_machine}};
}

}  // namespace quatrain::emu
