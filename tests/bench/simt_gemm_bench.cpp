/// Every rung of the kernels on the CPU runtime, one OS thread, beside the emulator's naive loop on the same
/// packed operands. A product is compared with that loop's before it is timed. Processor time: other programs
/// on the computer do not count.
#include "emu/machine.hpp"
#include "kernels/machine.hpp"
#include "tests/bench/paired_timer.hpp"
#include "tests/support/machine_results.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <benchmark/benchmark.h>

namespace quatrain::tests {
namespace {

using traces::Geometry;
using traces::Phase;

Geometry convolution() {
  Geometry g;
  g.batch = 4, g.in_channels = g.out_channels = 64, g.height = g.width = 14;
  g.kernel_height = g.kernel_width = 3, g.padding_height = g.padding_width = 1;
  return with_output(g);
}

void product(benchmark::State& state, const traces::MachineOffer& offer, const Mode& mode,
             const Geometry& geometry) {
  base::ThreadPool pool(1);
  const auto ours = offer.make(pool), rival = emu::make_naive_machine();
  const GemmCase c = random_case({mode.phase, geometry}, mode.left, mode.right, 1, 1);
  if (multiply(*ours, c).accumulators != multiply(*rival, c).accumulators)
    return state.SkipWithError("results differ: nothing to time");
  PairedTimer timer(processor_seconds_of);
  for (auto _ : state) timer.round([&] { multiply(*ours, c); }, [&] { multiply(*rival, c); });
  const traces::GemmSize size = traces::gemm_size(mode.phase, geometry);
  const double macs = 1e-9 * static_cast<double>(size.m * size.n * size.groups) * static_cast<double>(size.k);
  state.counters["GMAC/s"] = macs / timer.ours();
  state.counters["naive_loop_GMAC/s"] = macs / timer.rival();
  state.counters["times_naive_loop"] = timer.ratio();
}

void register_all() {
  struct Product {
    const char* name;
    const Mode* mode;
    Geometry geometry;
  };
  const Product products[] = {{"linear_forward", &int4_int4, linear_geometry(Phase::forward, 256, 256, 512)},
                              {"convolution_forward", &int4_int4, convolution()},
                              {"convolution_backward_data", &fp4_int4, convolution()},
                              {"convolution_backward_weight", &int4_fp4, convolution()}};
  for (const auto& [name, mode, geometry] : products)
    for (const auto& offer : kernels::simt_machine_offers())
      benchmark::RegisterBenchmark(
          (offer.name + "/" + name).c_str(),
          [offer, mode, geometry](benchmark::State& state) { product(state, offer, *mode, geometry); })
          ->Unit(benchmark::kMillisecond)
          ->Iterations(5);
}

}  // namespace
}  // namespace quatrain::tests

int main(int argc, char** argv) {
  quatrain::tests::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
