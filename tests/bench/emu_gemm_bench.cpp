/// Products of the emulator against OpenBLAS sgemm on the same operands: one linear layer, m = n = k, codes
/// (one per byte) or floats in, sums out, packing included on both sides. Run by run.sh, which tells
/// OpenBLAS the core type: its own detection may pick SSE on a new CPU.
#include "emu/gemm/blocked.hpp"
#include "emu/gemm/fp32.hpp"
#include "tests/bench/paired_timer.hpp"

#include <benchmark/benchmark.h>

#include <cblas.h>
#include <cstring>
#include <immintrin.h>
#include <random>

namespace quatrain::tests {
namespace {

using traces::Encoding;

struct Operands {
  std::int64_t size;
  traces::Gemm gemm;
  emu::QuantizedTensor left;
  std::vector<emu::QuantizedTensor> right;
  std::vector<float> left_values, right_values;
};

Operands random_operands(std::int64_t size, Encoding left) {
  Operands o{size, {}, {}, std::vector<emu::QuantizedTensor>(1), {}, {}};
  o.gemm.geometry.batch = o.gemm.geometry.in_channels = o.gemm.geometry.out_channels = size;
  o.gemm.geometry.out_height = o.gemm.geometry.out_width = 1;
  std::mt19937 random(1);
  const auto fill = [&](emu::QuantizedTensor& tensor, Encoding encoding, std::vector<float>& values) {
    tensor.encoding = encoding;
    while (values.size() < static_cast<std::size_t>(size * size)) {
      const auto code = static_cast<std::uint8_t>(random() >> 28);
      if (!traces::is_legal_code(encoding, code)) continue;
      tensor.codes.push_back(code);
      values.push_back(traces::code_values(encoding)[code]);
    }
  };
  fill(o.left, left, o.left_values);
  fill(o.right.front(), Encoding::int4, o.right_values);
  return o;
}

/// Z = X W^T, as a linear layer has it.
void run_openblas(const Operands& o, std::vector<float>& result) {
  const auto n = static_cast<int>(o.size);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1, o.left_values.data(), n,
              o.right_values.data(), n, 0, result.data(), n);
}

/// Multiply-accumulates a second of the byte instructions alone, sums in registers.
[[gnu::target("avx2")]] double measured_peak() {
  constexpr int rounds = 20'000'000, sums = 12;
  const auto loop = []() __attribute__((target("avx2"))) {
    __m256i sum[sums], word = _mm256_set1_epi8(1), panel = _mm256_set1_epi8(2);
    for (__m256i& one : sum) one = _mm256_setzero_si256();
    for (int i = 0; i < rounds; ++i)
#pragma GCC unroll 12
      for (int j = 0; j < sums; ++j) {
        sum[j] = _mm256_add_epi16(sum[j], _mm256_maddubs_epi16(word, panel));
        asm volatile("" : "+x"(sum[j]), "+x"(word));
      }
  };
  return 32.0 * sums * rounds / seconds_of(loop);
}

void report(benchmark::State& state, const PairedTimer& timer, double peak) {
  const double macs = std::pow(static_cast<double>(state.range(0)), 3);
  state.counters["GMAC/s"] = macs / timer.ours() * 1e-9;
  state.counters["openblas_GMAC/s"] = macs / timer.rival() * 1e-9;
  state.counters["times_openblas"] = timer.ratio();
  if (peak > 0)
    state.counters["of_peak"] = macs / timer.ours() / (peak * static_cast<double>(state.range(1)));
}

void integer_products_vs_openblas_sgemm(benchmark::State& state, Encoding left) {
  const Operands o = random_operands(state.range(0), left);
  base::ThreadPool pool(static_cast<unsigned>(state.range(1)));
  openblas_set_num_threads(static_cast<int>(state.range(1)));
  emu::GemmWorkspace workspace;
  std::vector<std::int32_t> ours(o.left.codes.size());
  std::vector<float> rival(o.left.codes.size());
  const auto run_ours = [&] {
    emu::multiply_blocked(o.gemm, o.left, o.right, ours, emu::chosen_path(), pool, workspace);
  };
  run_ours();
  run_openblas(o, rival);
  if (!std::equal(ours.begin(), ours.end(), rival.begin(),
                  [](std::int32_t a, float b) { return static_cast<float>(a) == b; }))
    return state.SkipWithError("results differ: nothing to time");
  PairedTimer timer;
  for (auto _ : state) timer.round(run_ours, [&] { run_openblas(o, rival); });
  static const double peak = emu::is_supported(emu::SimdPath::avx2) ? measured_peak() : 0;
  report(state, timer, peak);
}

/// OpenBLAS is free in the order of its sums: results agree to a tolerance, and only here.
void fp32_products_vs_openblas_sgemm(benchmark::State& state) {
  Operands o = random_operands(state.range(0), Encoding::int4);
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  for (float& value : o.left_values) value = normal(random);
  base::ThreadPool pool(static_cast<unsigned>(state.range(1)));
  openblas_set_num_threads(static_cast<int>(state.range(1)));
  emu::GemmWorkspace workspace;
  std::vector<float> ours(o.left_values.size()), rival(o.left_values.size());
  const auto run_ours = [&] {
    emu::multiply_fp32(o.gemm, o.left_values, o.right_values, ours, emu::chosen_path(), pool, workspace);
  };
  run_ours();
  run_openblas(o, rival);
  const float allowed = 1e-4F * static_cast<float>(o.size);
  if (!std::equal(ours.begin(), ours.end(), rival.begin(),
                  [&](float a, float b) { return std::abs(a - b) <= allowed; }))
    return state.SkipWithError("results differ: nothing to time");
  PairedTimer timer;
  for (auto _ : state) timer.round(run_ours, [&] { run_openblas(o, rival); });
  report(state, timer, 0);
}

BENCHMARK_CAPTURE(integer_products_vs_openblas_sgemm, int4_int4, Encoding::int4)
    ->ArgsProduct({{256, 512, 1024}, {1, 2}})
    ->ArgNames({"size", "threads"})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(integer_products_vs_openblas_sgemm, fp4_int4, Encoding::fp4_e3m0)
    ->ArgsProduct({{256, 512, 1024}, {1, 2}})
    ->ArgNames({"size", "threads"})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(fp32_products_vs_openblas_sgemm)
    ->ArgsProduct({{256, 512, 1024}, {1, 2}})
    ->ArgNames({"size", "threads"})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace quatrain::tests

int main(int argc, char** argv) {
  benchmark::AddCustomContext("openblas", openblas_get_config());
  benchmark::AddCustomContext("emulator", std::string(quatrain::emu::name_of(quatrain::emu::chosen_path())));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
