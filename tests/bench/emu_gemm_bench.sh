#!/usr/bin/env bash
# Runs emu_gemm_bench from the build folder given first, with the core type that OpenBLAS should assume on this CPU. Further
# arguments go to the benchmark. OPENBLAS_CORETYPE=Haswell keeps OpenBLAS to AVX2, which is what the emulator uses.
set -euo pipefail
build=$1
shift
if [ -z "${OPENBLAS_CORETYPE:-}" ]; then
  if grep -qw avx512f /proc/cpuinfo; then OPENBLAS_CORETYPE=SkylakeX; else OPENBLAS_CORETYPE=Haswell; fi
fi
export OPENBLAS_CORETYPE
exec "$build/tests/bench/emu_gemm_bench" "$@"
