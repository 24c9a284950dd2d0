#include "rtl_models/machine.hpp"

#include "traces/base/error.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace quatrain::rtl_models {
namespace {

/// Scale of the result: one rounding for the product, one for the division by the samples (one sample:
/// exact).
float result_scale(float left, float right, std::size_t samples) {
  const float scale = left * right / static_cast<float>(samples);
  if (!std::isfinite(scale)) throw base::Error("scale out of range: {} * {}", left, right);
  return scale;
}

/// Of a floating-point sum: every NaN has the same bits.
float scaled(float sum, float scale) {
  const float output = sum * scale;
  return std::isnan(output) ? std::bit_cast<float>(0x7FC00000U) : output;
}

std::string name_of_machine(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::pe:
      return "systemc.pe";
    case Fidelity::array:
      return "systemc.array";
    case Fidelity::tile:
      return "systemc.tile";
  }
  __builtin_unreachable();
}

/// The whole GEMM as one schedule, then the epilogue of numerics.md section 6. Tensors go through the
/// quantizer beside the array.
class ArrayMachine final : public traces::Machine {
 public:
  ArrayMachine(std::unique_ptr<ArrayModel> model, unsigned lanes, const Dataflow& dataflow)
      : model_(std::move(model)), quantizer_(make_quantizer_model(lanes)), dataflow_(dataflow) {}

  std::string name() const override { return name_of_machine(model_->fidelity()); }
  std::string ran_on() const override { return systemc_version(); }

  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    return model_->refuses(gemm, left, right);
  }
  traces::Refusal refuses(traces::Rule) const override { return std::nullopt; }

  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    return quantizer_->quantize(task).result;
  }

  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    traces::check_operands(gemm, left, right);
    if (const auto reason = refuses(gemm, left.encoding, right[0].encoding))
      throw base::Error("{}: {}", name(), *reason);
    const traces::GemmSize size = traces::gemm_size(gemm.phase, gemm.geometry);
    const auto samples = static_cast<unsigned>(right.size());
    traces::GemmResult result;
    result.scale = result_scale(left.scale, right[0].scale, right.size());
    result.accumulators =
        model_->replay(gemm, left, right, whole_gemm_schedule(size, samples, model_->shape(), dataflow_))
            .accumulators;
    result.output.reserve(result.accumulators.size());
    for (const std::int32_t accumulator : result.accumulators)
      result.output.push_back(gemm.accumulator.is_float()
                                  ? scaled(std::bit_cast<float>(accumulator), result.scale)
                                  : static_cast<float>(accumulator) * result.scale);
    return result;
  }

 private:
  std::unique_ptr<ArrayModel> model_;
  std::unique_ptr<QuantizerModel> quantizer_;
  Dataflow dataflow_;
};

}  // namespace

std::unique_ptr<traces::Machine> make_systemc_machine(std::unique_ptr<ArrayModel> model, unsigned lanes,
                                                      const Dataflow& dataflow) {
  return std::make_unique<ArrayMachine>(std::move(model), lanes, dataflow);
}

std::vector<traces::MachineOffer> machine_offers() {
  std::vector<traces::MachineOffer> offers;
  for (const Fidelity fidelity : {Fidelity::pe, Fidelity::array, Fidelity::tile})
    offers.push_back({name_of_machine(fidelity), systemc_missing, [fidelity](base::ThreadPool&) {
                        return make_systemc_machine(make_array_model(machine_array, fidelity));
                      }});
  return offers;
}

}  // namespace quatrain::rtl_models
