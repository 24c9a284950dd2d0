#include "emu/nn/quantized_layer.hpp"

#include "emu/gemm/epilogue.hpp"
#include "emu/machine.hpp"
#include "emu/nn/hindsight.hpp"
#include "emu/nn/sum.hpp"
#include "tests/emu/gemm/fp32_reference.hpp"
#include "tests/emu/nn/layer_run.hpp"
#include "tests/emu/nn/seen_paths.hpp"
#include "tests/emu/nn/tiny_config.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace quatrain::emu {
namespace {

using traces::Phase;

constexpr std::int64_t batch = 3;
constexpr std::uint32_t seed = 11, step = 5, id = 2;

Tensor random_tensor(const Extent& extent, bool is_signed, unsigned random_seed) {
  std::mt19937 random(random_seed);
  std::normal_distribution<float> normal;
  Tensor tensor;
  tensor.resize(batch, extent);
  for (float& value : tensor.values()) value = is_signed ? normal(random) : std::max(0.0F, normal(random));
  return tensor;
}

/// What the texts say of one layer and step, from the reference products.
struct Expected {
  std::vector<float> output, input_gradient, weight_gradient, bias_gradient;
};

class ByTheText {
 public:
  ByTheText(const LayerConfig& layer, const QuantizeConfig& quantize, std::span<Parameter* const> parameters)
      : layer_(layer), quantize_(quantize), weight_(*parameters[0]), bias_(*parameters[1]) {}

  Expected compute(const Tensor& x, const Tensor& dz) {
    const std::vector<QuantizedTensor> input = codes(x.values(), input_rule(layer_), 1);
    const std::vector<QuantizedTensor> weight = codes(weight_.value, traces::Rule::sawb_int4, 1);
    const bool is_luq = quantize_.gradient == GradientRule::luq;
    const std::vector<QuantizedTensor> gradient =
        codes(dz.values(), is_luq ? traces::Rule::luq_fp4 : traces::Rule::nearest_fp4,
              is_luq ? quantize_.samples : 1);
    const bool forward_is_quantized = quantize_.forward == ForwardRule::sawb;
    const bool weight_is_quantized = quantize_.forward != ForwardRule::none;
    const bool gradient_is_quantized = quantize_.gradient != GradientRule::none;
    Expected expected;
    if (forward_is_quantized) {
      expected.output = product(Phase::forward, input[0], weight);
    } else {
      expected.output =
          product(Phase::forward, x.values(), weight_is_quantized ? values(weight[0]) : weight_.value);
    }
    const auto plane = static_cast<std::size_t>(layer_.output.plane());
    for (std::size_t i = 0; i < expected.output.size(); ++i)
      expected.output[i] = expected.output[i] + bias_.value[i / plane % bias_.value.size()];
    if (forward_is_quantized && gradient_is_quantized) {
      expected.input_gradient = product(Phase::backward_data, gradient[0], weight);
      expected.weight_gradient = product(Phase::backward_weight, input[0], gradient);
    } else {
      mixed(forward_is_quantized ? values(input[0]) : copy(x.values()),
            weight_is_quantized ? values(weight[0]) : weight_.value,
            gradient_is_quantized ? gradient : std::vector<QuantizedTensor>{}, dz, expected);
      if (weight_is_quantized && gradient_is_quantized)
        expected.input_gradient = product(Phase::backward_data, gradient[0], weight);
    }
    expected.bias_gradient.resize(bias_.value.size());
    sum_channels(dz, expected.bias_gradient, pool_);
    return expected;
  }

 private:
  std::vector<QuantizedTensor> codes(std::span<const float> source, traces::Rule rule, unsigned samples) {
    std::vector<QuantizedTensor> tensors(samples);
    const auto quantizer =
        make_quantizer({.rule = rule, .random_bits = 16, .alpha = quantize_.alpha}, SimdPath::portable);
    for (std::uint32_t sample = 0; sample < samples; ++sample)
      quantizer->quantize(source, {seed, step, id, sample}, std::nullopt, pool_, tensors[sample]);
    return tensors;
  }

  static std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }
  static std::vector<float> values(const QuantizedTensor& tensor) {
    std::vector<float> decoded;
    for (const std::uint8_t code : tensor.codes)
      decoded.push_back(static_cast<float>(traces::code_values(tensor.encoding)[code]) * tensor.scale);
    return decoded;
  }

  traces::Gemm gemm(Phase phase) const { return {phase, with_batch(layer_.geometry, batch)}; }
  std::size_t size(Phase phase) const {
    return static_cast<std::size_t>(traces::result_elements(phase, gemm(phase).geometry));
  }

  std::vector<float> product(Phase phase, const QuantizedTensor& left,
                             std::span<const QuantizedTensor> right) const {
    std::vector<std::int32_t> accumulators(size(phase));
    multiply_reference(gemm(phase), left, right, accumulators);
    const float scale = product_scale(left.scale, right[0].scale, static_cast<unsigned>(right.size()));
    std::vector<float> output;
    for (const std::int32_t accumulator : accumulators)
      output.push_back(static_cast<float>(accumulator) * scale);
    return output;
  }
  std::vector<float> product(Phase phase, std::span<const float> left, std::span<const float> right) const {
    std::vector<float> output(size(phase));
    tests::multiply_fp32_reference(gemm(phase), left, right, output);
    return output;
  }

  void mixed(const std::vector<float>& x, const std::vector<float>& w,
             const std::vector<QuantizedTensor>& gradient, const Tensor& dz, Expected& expected) const {
    std::vector<std::vector<float>> samples;
    for (const QuantizedTensor& sample : gradient) samples.push_back(values(sample));
    if (gradient.empty()) samples.push_back(copy(dz.values()));
    expected.input_gradient = product(Phase::backward_data, samples[0], w);
    for (const std::vector<float>& sample : samples) {
      const std::vector<float> one = product(Phase::backward_weight, x, sample);
      if (expected.weight_gradient.empty()) {
        expected.weight_gradient = one;
      } else {
        for (std::size_t i = 0; i < one.size(); ++i)
          expected.weight_gradient[i] = expected.weight_gradient[i] + one[i];
      }
    }
    if (samples.size() > 1)
      for (float& element : expected.weight_gradient) element = element / static_cast<float>(samples.size());
  }

  const LayerConfig& layer_;
  const QuantizeConfig& quantize_;
  const Parameter &weight_, &bias_;
  base::ThreadPool pool_{1};
};

struct Case {
  std::string name;
  QuantizeConfig quantize;
};

bool has_quantizers(const QuantizeConfig& quantize) {
  return quantize.forward != ForwardRule::none || quantize.gradient != GradientRule::none;
}

class QuantizedLayers : public testing::TestWithParam<Case> {};

/// conv2 (stride 2, unsigned input), conv3 (signed input, groups) and fc1 of the tiny network.
TEST_P(QuantizedLayers, ComputeWhatTheTextsSay) {
  const TrainingConfig config = tests::tiny_config();
  for (const std::size_t index : {2U, 3U, 5U}) {
    LayerConfig layer = config.layers[index];
    layer.quantize = GetParam().quantize;
    const Tensor x = random_tensor(layer.input, !layer.unsigned_input, 1);
    const Tensor dz = random_tensor(layer.output, true, 2);
    for (const SimdPath path : supported_paths())
      for (const unsigned threads : {1U, 2U, 7U}) {
        SCOPED_TRACE(fmt::format("{}, {}, {} threads", layer.name, name_of(path), threads));
        tests::LayerRun<QuantizedLayer> quantized(layer, id, 4, path);
        const std::vector<Parameter*> parameters = quantized.parameters();
        for (std::size_t o = 0; o < parameters[1]->value.size(); ++o)
          parameters[1]->value[o] = 0.1F * static_cast<float>(o + 1);
        const Expected expected = ByTheText(layer, GetParam().quantize, parameters).compute(x, dz);
        base::ThreadPool pool(threads);
        tests::SeenPaths seen;
        StepContext context{.pool = pool, .seed = seed, .step = step, .observer = &seen};
        const auto as_vector = [](std::span<const float> values) {
          return std::vector<float>(values.begin(), values.end());
        };
        EXPECT_EQ(as_vector(quantized.forward(x, context).values()), expected.output);
        EXPECT_EQ(as_vector(quantized.backward(dz, true, context).values()), expected.input_gradient);
        EXPECT_EQ(parameters[0]->gradient, expected.weight_gradient);
        EXPECT_EQ(parameters[1]->gradient, expected.bias_gradient);
        EXPECT_EQ(seen.paths, has_quantizers(GetParam().quantize) ? std::set{path} : std::set<SimdPath>{});
        EXPECT_TRUE(std::any_of(expected.weight_gradient.begin(), expected.weight_gradient.end(),
                                [](float element) { return element != 0; }));
      }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, QuantizedLayers,
    testing::Values(Case{"luq", {}}, Case{"luq_four_samples", {.samples = 4}},
                    Case{"luq_pow2", {.alpha = traces::Alpha::pow2}},
                    Case{"nearest", {.gradient = GradientRule::nearest}},
                    Case{"only_forward", {.gradient = GradientRule::none}},
                    Case{"only_weight",
                         {.forward = ForwardRule::sawb_weight, .gradient = GradientRule::none}},
                    Case{"all_but_input", {.forward = ForwardRule::sawb_weight, .samples = 2}},
                    Case{"only_gradient", {.forward = ForwardRule::none, .samples = 2}},
                    Case{"neither", {.forward = ForwardRule::none, .gradient = GradientRule::none}}),
    [](const auto& test) { return test.param.name; });

/// Hands its tasks to the naive machine, and counts them.
class CountingMachine final : public traces::Machine {
 public:
  std::string name() const override { return "counting"; }
  std::string ran_on() const override { return "tests"; }
  traces::Refusal refuses(const traces::Gemm&, traces::Encoding, traces::Encoding) const override {
    return std::nullopt;
  }
  traces::Refusal refuses(traces::Rule) const override { return std::nullopt; }
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    ++quantizers;
    return naive_->quantize(task);
  }
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    ++products;
    traces::GemmResult result = naive_->multiply(gemm, left, right);
    if (spoils_output) result.output[1] += 1;
    return result;
  }
  int quantizers = 0, products = 0;
  bool spoils_output = false;

 private:
  std::unique_ptr<traces::Machine> naive_ = make_naive_machine();
};

/// Forward and backward of one layer; the results in a row.
std::vector<float> results_of(const LayerConfig& layer, StepMachine* machine, bool wants_input_gradient) {
  const Tensor x = random_tensor(layer.input, !layer.unsigned_input, 1);
  const Tensor dz = random_tensor(layer.output, true, 2);
  tests::LayerRun<QuantizedLayer> quantized(layer, id, 4, SimdPath::portable);
  base::ThreadPool pool(2);
  StepContext context{.pool = pool, .seed = seed, .step = step, .machine = machine};
  std::vector<float> all;
  const auto add = [&](std::span<const float> values) {
    all.insert(all.end(), values.begin(), values.end());
  };
  add(quantized.forward(x, context).values());
  const Tensor& dx = quantized.backward(dz, wants_input_gradient, context);
  if (wants_input_gradient) add(dx.values());
  for (const Parameter* parameter : quantized.parameters()) add(parameter->gradient);
  return all;
}

TEST(QuantizedLayerOnAMachine, AllWorkIsTheMachines) {
  const TrainingConfig config = tests::tiny_config();
  for (const std::size_t index : {2U, 3U, 5U}) {
    const LayerConfig& layer = config.layers[index];
    CountingMachine machine;
    MachineSteps steps(machine);
    EXPECT_EQ(results_of(layer, &steps, true), results_of(layer, nullptr, true)) << layer.name;
    EXPECT_EQ(machine.quantizers, 4);  // input, weight, two samples of the gradient
    EXPECT_EQ(machine.products, 3);
    machine.spoils_output = true;
    EXPECT_NE(results_of(layer, &steps, true), results_of(layer, nullptr, true))
        << "outputs are the machine's";
  }
}

/// numerics.md section 3.1, the example: maxima of five steps, and the estimates that steps 0 to 5 use.
TEST(Hindsight, ExampleOfTheText) {
  std::vector<float> kept(hindsight_values), used;
  for (const float maximum : {3.0F, 1.0F, 0.5F, 0.0F, 2.0F, 7.0F}) {
    const std::optional<float> estimate = hindsight_estimate(kept);
    used.push_back(estimate.value_or(maximum));
    keep_hindsight(kept, estimate, maximum);
  }
  const auto from_bits = [](std::uint32_t bits) { return std::bit_cast<float>(bits); };
  EXPECT_EQ(used, (std::vector<float>{from_bits(0x40400000), from_bits(0x403fffff), from_bits(0x3f999999),
                                      from_bits(0x3f11eb85), from_bits(0x3d6978d5), from_bits(0x3fe7212d)}));
}

TEST(Hindsight, ALayerUsesAndKeepsIt) {
  LayerConfig layer = tests::tiny_config().layers[2];
  layer.quantize.maximum = traces::Maximum::hindsight;
  tests::LayerRun<QuantizedLayer> quantized(layer, id, 4, SimdPath::portable);
  ASSERT_EQ(quantized.states().size(), 1U);
  EXPECT_EQ(quantized.states()[0]->name, "conv2.hindsight");
  struct Seen final : StepObserver {
    std::vector<std::optional<float>> given;
    std::vector<float> used, measured;
    void quantized(const QuantizerEvent& event) override {
      if (event.role != traces::Role::gradient || event.sample > 0) return;
      given.push_back(event.maximum);
      used.push_back(std::get<traces::Fp4Facts>(event.result.facts).max_used);
      measured.push_back(event.result.max);
    }
    void multiplied(const ProductEvent&) override {}
  } seen;
  base::ThreadPool pool(1);
  StepContext context{.pool = pool, .seed = seed, .observer = &seen};
  const Tensor x = random_tensor(layer.input, false, 1);
  for (unsigned t = 0; t < 3; ++t, ++context.step) {
    const Tensor dz = random_tensor(layer.output, true, 2 + t);
    quantized.forward(x, context);
    quantized.backward(dz, true, context);
  }
  ASSERT_EQ(seen.used.size(), 3U);
  EXPECT_EQ(seen.given[0], std::nullopt);
  EXPECT_EQ(seen.used[0], seen.measured[0]);
  std::vector<float> kept = {seen.measured[0], seen.measured[0]};
  EXPECT_EQ(seen.given[1], hindsight_estimate(kept));
  EXPECT_EQ(seen.used[1], *seen.given[1]);
  EXPECT_NE(seen.used[1], seen.measured[1]);
  EXPECT_EQ(quantized.states()[0]->value, (std::vector<float>{*seen.given[2], seen.measured[2]}));
}

TEST(QuantizedLayerOnAMachine, TheFirstLayerHasNoBackwardData) {
  const LayerConfig layer = tests::tiny_config().layers[2];
  CountingMachine machine;
  MachineSteps steps(machine);
  EXPECT_EQ(results_of(layer, &steps, false), results_of(layer, nullptr, false));
  EXPECT_EQ(machine.products, 2);
}

}  // namespace
}  // namespace quatrain::emu
