/// The quantizers against memcpy of the same tensor in the same run. A quantizer reads every element twice
/// (maximum, codes) or, for SAWB, three times, and writes a byte: `of_memcpy` is the share of memcpy's bytes
/// a second that it moves.
#include "emu/quant/quantizer.hpp"
#include "emu/quant/reference.hpp"
#include "tests/bench/paired_timer.hpp"

#include <benchmark/benchmark.h>

#include <cstring>
#include <random>

namespace quatrain::tests {
namespace {

using traces::Rule;

void quantizer_vs_memcpy(benchmark::State& state, emu::QuantizerConfig config) {
  const auto elements = static_cast<std::size_t>(state.range(0));
  std::mt19937 random(1);
  std::lognormal_distribution<float> magnitude;
  std::vector<float> x(elements), copy(elements);
  for (float& value : x) value = magnitude(random);
  base::ThreadPool pool(static_cast<unsigned>(state.range(1)));
  const auto quantizer = emu::make_quantizer(config, emu::chosen_path());
  emu::QuantizedTensor ours, expected;
  const auto run_ours = [&] { quantizer->quantize(x, {1, 2, 3, 0}, std::nullopt, pool, ours); };
  run_ours();
  emu::ReferenceQuantizer(config).quantize(x, {1, 2, 3, 0}, std::nullopt, pool, expected);
  if (ours.codes != expected.codes || ours.scale != expected.scale)
    return state.SkipWithError("results differ: nothing to time");
  PairedTimer timer;
  for (auto _ : state)
    timer.round(run_ours, [&] {
      std::memcpy(copy.data(), x.data(), elements * sizeof(float));
      benchmark::ClobberMemory();
    });
  const bool is_sawb = config.rule == Rule::sawb_int4 || config.rule == Rule::sawb_uint4;
  const double bytes = is_sawb ? 13 : 9;  // of an element; memcpy moves 8
  state.counters["Melements/s"] = static_cast<double>(elements) / timer.ours() * 1e-6;
  state.counters["memcpy_GB/s"] = 8e-9 * static_cast<double>(elements) / timer.rival();
  state.counters["of_memcpy"] = timer.ratio() * bytes / 8;
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgsProduct({{1 << 16, 1 << 20, 1 << 24}, {1, 2}})
      ->ArgNames({"elements", "threads"})
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

BENCHMARK_CAPTURE(quantizer_vs_memcpy, luq_16_bits, {.rule = Rule::luq_fp4, .random_bits = 16})->Apply(sizes);
BENCHMARK_CAPTURE(quantizer_vs_memcpy, luq_4_bits, {.rule = Rule::luq_fp4, .random_bits = 4})->Apply(sizes);
BENCHMARK_CAPTURE(quantizer_vs_memcpy, nearest, {.rule = Rule::nearest_fp4, .random_bits = 0})->Apply(sizes);
BENCHMARK_CAPTURE(quantizer_vs_memcpy, sawb_int4, {.rule = Rule::sawb_int4})->Apply(sizes);
BENCHMARK_CAPTURE(quantizer_vs_memcpy, sawb_uint4, {.rule = Rule::sawb_uint4})->Apply(sizes);

}  // namespace
}  // namespace quatrain::tests

BENCHMARK_MAIN();
