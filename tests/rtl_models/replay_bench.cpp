/// Speed of the hardware model: MACs issued and array cycles a second, over a whole GEMM with ragged tiles,
/// operand feeding and drains included; codes and quantizer cycles a second over a tensor. Each fidelity is
/// timed in turn with the next finer one, on the same operands, after both have given the same figures:
/// `times` is the median of the ratios. Processor time of one thread; it varies with the machine's load all
/// the same.
#include "rtl_models/array_model.hpp"
#include "rtl_models/quantizer_model.hpp"
#include "tests/bench/paired_timer.hpp"
#include "tests/support/gemm_cases.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>

namespace quatrain::tests {
namespace {

using rtl_models::Fidelity;

rtl_models::QuantizerModel& quantizer_model() {
  static const auto quantizer = rtl_models::make_quantizer_model(rtl_models::default_lanes);
  return *quantizer;
}

/// All are made before the first run.
struct Models {
  std::unique_ptr<rtl_models::ArrayModel> pe = rtl_models::make_array_model({32, 32}, Fidelity::pe),
                                          array = rtl_models::make_array_model({32, 32}, Fidelity::array),
                                          tile = rtl_models::make_array_model({32, 32}, Fidelity::tile),
                                          small = rtl_models::make_array_model({64, 64}, Fidelity::array),
                                          large = rtl_models::make_array_model({1024, 1024}, Fidelity::array);
};
Models& models() {
  static Models all;
  quantizer_model();
  return all;
}

rtl_models::ArrayModel& model(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::pe:
      return *models().pe;
    case Fidelity::array:
      return *models().array;
    case Fidelity::tile:
      return *models().tile;
  }
  __builtin_unreachable();
}

/// The figures of both are the same: checked before anything is timed.
std::string difference_of(const rtl_models::ArrayRun& ours, const rtl_models::ArrayRun& rival) {
  if (ours.accumulators != rival.accumulators) return "accumulators differ";
  if (ours.cycles != rival.cycles) return "cycles differ";
  return ours.activity == rival.activity ? "" : "activity differs";
}

/// A 3x3 convolution; a linear layer whose streams are so long that fills and drains hardly count; m = n = k
/// = 256, which scalesim.py beside tests/bench/run.sh gives to SCALE-Sim too.
enum class Workload { convolution, long_streams, cube };

GemmCase bench_case(traces::Phase phase, Workload workload, std::int64_t batch) {
  traces::Geometry g;
  g.batch = batch;
  switch (workload) {
    case Workload::long_streams:
      g.in_channels = g.out_channels = 4096;
      break;
    case Workload::cube:
      g.in_channels = g.out_channels = 256;
      break;
    case Workload::convolution:
      g.in_channels = 16, g.out_channels = 32, g.height = g.width = 14, g.kernel_height = g.kernel_width = 3;
      g.padding_height = g.padding_width = 1;
      break;
  }
  const bool weight = phase == traces::Phase::backward_weight, data = phase == traces::Phase::backward_data;
  return random_case({phase, with_output(g)}, data ? traces::Encoding::fp4_e3m0 : traces::Encoding::uint4,
                     weight ? traces::Encoding::fp4_e3m0 : traces::Encoding::int4, 1, 5);
}

void replay(benchmark::State& state, Fidelity fidelity, traces::Phase phase, Workload workload,
            std::int64_t batch, std::size_t most_tiles) {
  const Fidelity finer = fidelity == Fidelity::tile ? Fidelity::array : Fidelity::pe;
  auto &ours = model(fidelity), &rival = model(finer);
  const GemmCase c = bench_case(phase, workload, batch);
  auto schedule = rtl_models::whole_gemm_schedule(traces::gemm_size(phase, c.gemm.geometry), 1, ours.shape());
  if (schedule.tiles.size() > most_tiles) schedule.tiles.resize(most_tiles);
  auto fewer = schedule;  // for the rival, if it would take too long: its rate is the same
  if (finer == Fidelity::pe) fewer.tiles.resize(1);
  const auto right = right_operands(c);
  const auto found = ours.replay(c.gemm, left_operand(c), right, schedule);
  const auto expected = rival.replay(c.gemm, left_operand(c), right, fewer);
  if (const auto difference = difference_of(ours.replay(c.gemm, left_operand(c), right, fewer), expected);
      !difference.empty()) {
    state.SkipWithError(difference.c_str());
    return;
  }
  PairedTimer timer(processor_seconds_of);
  for (auto _ : state)
    timer.round([&] { ours.replay(c.gemm, left_operand(c), right, schedule); },
                [&] { rival.replay(c.gemm, left_operand(c), right, fewer); });
  const auto macs = static_cast<double>(found.activity.macs),
             rival_macs = static_cast<double>(expected.activity.macs);
  state.counters["MAC/s"] = macs / timer.ours();
  state.counters["cycles/s"] = static_cast<double>(found.cycles) / timer.ours();
  state.counters["rival_MAC/s"] = rival_macs / timer.rival();
  state.counters["times"] = timer.ratio() * macs / rival_macs;
}

/// The same GEMM on arrays of two sizes that have the same PEs in use: the larger one's time by the smaller
/// one's.
void larger_array(benchmark::State& state) {
  traces::Geometry g;
  g.batch = g.out_channels = 64, g.in_channels = 4096;
  const GemmCase c =
      random_case({traces::Phase::forward, g}, traces::Encoding::uint4, traces::Encoding::int4, 1, 5);
  const auto right = right_operands(c);
  const auto run = [&](rtl_models::ArrayModel& array) {
    return array.replay(
        c.gemm, left_operand(c), right,
        rtl_models::whole_gemm_schedule(traces::gemm_size(c.gemm.phase, c.gemm.geometry), 1, array.shape()));
  };
  if (run(*models().small).accumulators != run(*models().large).accumulators) {
    state.SkipWithError("accumulators differ");
    return;
  }
  PairedTimer timer(processor_seconds_of);
  for (auto _ : state) timer.round([&] { run(*models().large); }, [&] { run(*models().small); });
  state.counters["seconds"] = timer.ours();
  state.counters["rival_seconds"] = timer.rival();
  state.counters["times"] = timer.ratio();
}

void quantize(benchmark::State& state, traces::Rule rule, unsigned random_bits) {
  models();
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
BENCHMARK_CAPTURE(replay, array_linear_forward, Fidelity::array, forward, Workload::long_streams, 64, 40)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, array_linear_backward_data, Fidelity::array, backward_data, Workload::long_streams,
                  64, 40)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, array_conv_forward, Fidelity::array, forward, Workload::convolution, 8, 40)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, array_conv_backward_data, Fidelity::array, backward_data, Workload::convolution, 8,
                  40)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, array_conv_backward_weight, Fidelity::array, backward_weight, Workload::convolution,
                  8, 40)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, tile_linear_forward, Fidelity::tile, forward, Workload::long_streams, 64, 256)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, tile_linear_backward_data, Fidelity::tile, backward_data, Workload::long_streams,
                  64, 256)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, tile_conv_forward, Fidelity::tile, forward, Workload::convolution, 32, 200)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, tile_conv_backward_data, Fidelity::tile, backward_data, Workload::convolution, 32,
                  200)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, tile_conv_backward_weight, Fidelity::tile, backward_weight, Workload::convolution,
                  32, 200)
    ->Iterations(5);
BENCHMARK_CAPTURE(replay, tile_cube_forward, Fidelity::tile, forward, Workload::cube, 256, 64)->Iterations(5);
BENCHMARK(larger_array)->Iterations(5);
BENCHMARK_CAPTURE(quantize, sawb_int4, traces::Rule::sawb_int4, 0);
BENCHMARK_CAPTURE(quantize, sawb_uint4, traces::Rule::sawb_uint4, 0);
BENCHMARK_CAPTURE(quantize, luq_fp4_16, traces::Rule::luq_fp4, 16);
BENCHMARK_CAPTURE(quantize, luq_fp4_4, traces::Rule::luq_fp4, 4);
BENCHMARK_CAPTURE(quantize, nearest_fp4, traces::Rule::nearest_fp4, 0);

}  // namespace
}  // namespace quatrain::tests

BENCHMARK_MAIN();
