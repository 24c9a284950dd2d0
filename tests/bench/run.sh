#!/usr/bin/env bash
# tests/bench/run.sh [ARGS]: installs the rivals, builds the CPU benchmarks and runs all: the emulator's tables with their
# bars (against oneDNN, OpenBLAS, memcpy), a training step against PyTorch, then the kernels on the CPU, the hardware
# model and its closed forms. ARGS go to Google Benchmark, which runs the last three, for example
#   tests/bench/run.sh --benchmark_filter=simt
# The kernels' benchmark on a GPU is tests/gpu.sh's.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/bench/install_rivals.sh >&2
cmake --preset bench >&2
benchmarks="tests/bench/simt_gemm_bench tests/rtl_models/rtl_models_replay_bench tests/bench/analytic_bench"
# shellcheck disable=SC2086
cmake --build build/bench --target quatrain tests/bench/emu_bars $benchmarks >&2

# OpenBLAS's own detection may pick an SSE kernel on a new CPU.
if [ -z "${OPENBLAS_CORETYPE:-}" ]; then
  if grep -qw avx512f /proc/cpuinfo; then OPENBLAS_CORETYPE=SkylakeX; else OPENBLAS_CORETYPE=Haswell; fi
fi
export OPENBLAS_CORETYPE
echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
OMP_NUM_THREADS=1 build/bench/tests/bench/emu_bars
if grep -qw amx_int8 /proc/cpuinfo; then  # the same without AMX, on both sides
  OMP_NUM_THREADS=1 QUATRAIN_SIMD=avx512 DNNL_MAX_CPU_ISA=AVX512_CORE_VNNI build/bench/tests/bench/emu_bars integer
fi
python3 tests/bench/train_bars.py build/bench/quatrain
for benchmark in $benchmarks; do
  "build/bench/$benchmark" --benchmark_counters_tabular=true "$@"
done
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)"
