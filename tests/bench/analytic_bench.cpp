/// Speed of the closed forms: GEMMs that `quatrain sim --fidelity analytic` evaluates in a second, from sizes
/// to energy, for one design. The shapes are those of Llama-3-8B in training, each once however often it
/// occurs; and ResNet-50, whose windows have to be counted. Processor time of one thread.
#include "sim/accelerator/simulate.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/workload/open_workload.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace quatrain::tests {
namespace {

enum class Blocks { none, least_bytes, least_time };

void analytic(benchmark::State& state, const std::string& workload_name, Blocks blocks) {
  sim::SimulationTask task;
  task.config = sim::read_accelerator(sim::open_config("luq_32x32", sim::ConfigKind::accelerator));
  switch (blocks) {
    case Blocks::none:
      break;
    case Blocks::least_time:
      task.config.dram_details = sim::DramDetails{true, 70, 32, 0.8, 1024, 15};
      task.config.mapping = sim::SearchedBlocks{sim::SearchedFor::time};
      break;
    case Blocks::least_bytes:
      task.config.mapping = sim::SearchedBlocks{sim::SearchedFor::dram_bytes};
      break;
  }
  task.technologies = sim::read_technologies(task.config, "");
  const sim::Workload workload = sim::open_shapes(workload_name, {.phases = sim::Phases::training});
  double gemms = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(simulate(task, workload).total.use.cycles);
    gemms += static_cast<double>(workload.gemms.size());
  }
  state.counters["GEMMs/s"] = benchmark::Counter(gemms, benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(analytic, llama3_8b_tiles, "llama3_8b_prefill", Blocks::none);
BENCHMARK_CAPTURE(analytic, llama3_8b_search_bytes, "llama3_8b_prefill", Blocks::least_bytes);
BENCHMARK_CAPTURE(analytic, llama3_8b_search_time, "llama3_8b_prefill", Blocks::least_time);
BENCHMARK_CAPTURE(analytic, resnet50_tiles, "resnet50", Blocks::none);
BENCHMARK_CAPTURE(analytic, resnet50_search_bytes, "resnet50", Blocks::least_bytes);
BENCHMARK_CAPTURE(analytic, resnet50_search_time, "resnet50", Blocks::least_time);

}  // namespace
}  // namespace quatrain::tests

BENCHMARK_MAIN();
