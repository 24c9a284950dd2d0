#!/usr/bin/env bash
# tests/bench/run.sh [ARGS]: builds the CPU benchmarks and runs each; ARGS go to Google Benchmark, for example
#   tests/bench/run.sh --benchmark_filter=1024
# The kernels' benchmark on a GPU is tests/gpu.sh's. Needs Debian's libbenchmark-dev and libopenblas-dev.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f build/bench/build.ninja ] || cmake --preset bench >&2
benchmarks="tests/bench/emu_gemm_bench tests/bench/emu_quantizer_bench tests/bench/simt_gemm_bench tests/rtl_models/rtl_models_replay_bench"
# shellcheck disable=SC2086
cmake --build build/bench --target $benchmarks >&2

# OpenBLAS's own detection may pick an SSE kernel on a new CPU. Haswell keeps it to AVX2, which is what the emulator uses.
if [ -z "${OPENBLAS_CORETYPE:-}" ]; then
  if grep -qw avx512f /proc/cpuinfo; then OPENBLAS_CORETYPE=SkylakeX; else OPENBLAS_CORETYPE=Haswell; fi
fi
export OPENBLAS_CORETYPE
for benchmark in $benchmarks; do
  "build/bench/$benchmark" --benchmark_counters_tabular=true "$@"
done
