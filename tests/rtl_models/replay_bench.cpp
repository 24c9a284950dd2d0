/// Speed of the hardware model: MACs issued and array cycles a second, over a whole GEMM with ragged tiles,
/// operand feeding and drains included; codes and quantizer cycles a second over a tensor. Numbers vary with
/// the machine's load.
#include "rtl_models/array_model.hpp"
#include "rtl_models/quantizer_model.hpp"
#include "tests/support/gemm_cases.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

namespace quatrain::tests {
namespace {

using rtl_models::Fidelity;

rtl_models::QuantizerModel& quantizer_model() {
  static const auto quantizer = rtl_models::make_quantizer_model(rtl_models::default_lanes);
  return *quantizer;
}

rtl_models::ArrayModel& model(Fidelity fidelity) {  // both are made before the first run
  static const auto array = rtl_models::make_array_model({32, 32}, Fidelity::array);
  static const auto pe = rtl_models::make_array_model({32, 32}, Fidelity::pe);
  quantizer_model();
  return fidelity == Fidelity::pe ? *pe : *array;
}

/// A 3x3 convolution, or a linear layer whose streams are so long that fills and drains hardly count.
GemmCase bench_case(traces::Phase phase, bool long_streams, std::int64_t batch) {
  traces::Geometry g;
  g.batch = batch;
  if (long_streams) {
    g.in_channels = g.out_channels = 4096;
  } else {
    g.in_channels = 16, g.out_channels = 32, g.height = g.width = 14, g.kernel_height = g.kernel_width = 3;
    g.padding_height = g.padding_width = 1;
  }
  const bool weight = phase == traces::Phase::backward_weight, data = phase == traces::Phase::backward_data;
  return random_case({phase, with_output(g)}, data ? traces::Encoding::fp4_e3m0 : traces::Encoding::uint4,
                     weight ? traces::Encoding::fp4_e3m0 : traces::Encoding::int4, 1, 5);
}

void replay(benchmark::State& state, Fidelity fidelity, traces::Phase phase, bool long_streams,
            std::int64_t batch) {
  auto& array = model(fidelity);
  const GemmCase c = bench_case(phase, long_streams, batch);
  auto schedule =
      rtl_models::whole_gemm_schedule(traces::gemm_size(phase, c.gemm.geometry), 1, array.shape());
  if (schedule.tiles.size() > 40) schedule.tiles.resize(40);
  const auto right = right_operands(c);
  double macs = 0, cycles = 0;
  for (auto _ : state) {
    const auto result = array.replay(c.gemm, left_operand(c), right, schedule);
    macs += static_cast<double>(result.activity.macs);
    cycles += static_cast<double>(result.cycles);
  }
  state.counters["MAC/s"] = benchmark::Counter(macs, benchmark::Counter::kIsRate);
  state.counters["cycles/s"] = benchmark::Counter(cycles, benchmark::Counter::kIsRate);
}

void quantize(benchmark::State& state, traces::Rule rule, unsigned random_bits) {
  model(Fidelity::array);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> source(1 << 18);
  for (float& x : source) x = traces::takes_negative(rule) ? normal(random) : std::fabs(normal(random));
  traces::QuantizerTask task;
  task.rule = rule;
  task.random_bits = random_bits;
  task.source = source;
  double codes = 0, cycles = 0;
  for (auto _ : state) {
    cycles += static_cast<double>(quantizer_model().quantize(task).cycles);
    codes += static_cast<double>(source.size());
  }
  state.counters["codes/s"] = benchmark::Counter(codes, benchmark::Counter::kIsRate);
  state.counters["cycles/s"] = benchmark::Counter(cycles, benchmark::Counter::kIsRate);
}

using enum traces::Phase;
BENCHMARK_CAPTURE(replay, array_linear_forward, Fidelity::array, forward, true, 64);
BENCHMARK_CAPTURE(replay, array_linear_backward_data, Fidelity::array, backward_data, true, 64);
BENCHMARK_CAPTURE(replay, array_conv_forward, Fidelity::array, forward, false, 8);
BENCHMARK_CAPTURE(replay, array_conv_backward_data, Fidelity::array, backward_data, false, 8);
BENCHMARK_CAPTURE(replay, array_conv_backward_weight, Fidelity::array, backward_weight, false, 8);
BENCHMARK_CAPTURE(replay, pe_conv_forward, Fidelity::pe, forward, false, 1);
BENCHMARK_CAPTURE(quantize, sawb_int4, traces::Rule::sawb_int4, 0);
BENCHMARK_CAPTURE(quantize, sawb_uint4, traces::Rule::sawb_uint4, 0);
BENCHMARK_CAPTURE(quantize, luq_fp4_16, traces::Rule::luq_fp4, 16);
BENCHMARK_CAPTURE(quantize, luq_fp4_4, traces::Rule::luq_fp4, 4);
BENCHMARK_CAPTURE(quantize, nearest_fp4, traces::Rule::nearest_fp4, 0);

}  // namespace
}  // namespace quatrain::tests

BENCHMARK_MAIN();
