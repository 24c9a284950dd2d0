#!/usr/bin/env bash
# On a machine with an NVIDIA GPU, everything in one call: builds the kernels for it, holds them to every test there is, lets
# compute-sanitizer watch them, measures them, and writes docs/results/gpu-DEVICE-DATE.md.
#   tests/gpu.sh [BUILD_FOLDER]       (default: build/gpu)
# Exit code: 0 all that was run is equal and clean; 1 a check failed (the page says which); 2 nothing could be run here.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/gpu}

cannot() {
  echo "tests/gpu.sh: $*" >&2
  exit 2
}
[ -d /usr/local/cuda/bin ] && PATH=$PATH:/usr/local/cuda/bin
command -v nvidia-smi >/dev/null || cannot "no GPU here: nvidia-smi was not found"
query() { nvidia-smi -i 0 --query-gpu="$1" --format=csv,noheader 2>/dev/null; }
device=$(query name || true)
[ -n "$device" ] || cannot "no GPU here: nvidia-smi lists none"
command -v nvcc >/dev/null || cannot "nvcc was not found (CUDA 12.0 or later)"
capability=$(query compute_cap)

suites=(exact_sharp_test exact_luq_draws_test exact_numerics_text_test exact_outside_trace_test)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DQUATRAIN_CUDA=ON -DQUATRAIN_CUDA_ARCHITECTURES="${capability/./}" \
  >"$work/configure" 2>&1 || { cat "$work/configure" >&2; cannot "configuring failed"; }
cmake --build "$build" --target quatrain kernels_gpu_test "${suites[@]}" >"$work/build" 2>&1 ||
  { tail -40 "$work/build" >&2; cannot "building failed"; }

page=docs/results/gpu-$(tr -cs 'A-Za-z0-9' - <<<"$device" | sed 's/^-*//; s/-*$//')-$(date -u +%Y-%m-%d).md
mkdir -p docs/results
failed=0
say() { printf '%s\n' "$*" | tee -a "$page"; }
# check WHAT COMMAND...: runs it, says how it went, and shows the last lines of one that failed.
check() {
  local what=$1 verdict=passed
  shift
  if ! "$@" >"$work/log" 2>&1; then
    verdict=FAILED
    failed=1
  elif grep -q 'SKIPPED' "$work/log"; then # a test that found no device proves nothing
    verdict="FAILED: tests were skipped"
    failed=1
  fi
  say "| $what | $verdict |"
  [ "$verdict" = passed ] || tail -20 "$work/log" >&2
}

: >"$page"
say "# The kernels on $device"
say
say "Written by \`tests/gpu.sh\` on $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown). Compute" \
  "capability $capability, driver $(query driver_version), $(nvcc --version | sed -n 's/.*release \([0-9.]*\).*/nvcc \1/p')," \
  "graphics clock at most $(query clocks.max.sm), memory clock at most $(query clocks.max.mem)."
say
say "## Equal bits"
say "| check | |"
say "|---|---|"
gpu_test=$build/tests/kernels/kernels_gpu_test
check "sharp tensors and GEMMs, outside trace, refusals (kernels_gpu_test)" "$gpu_test"
for suite in "${suites[@]}"; do
  check "the suite of all machines $suite" "$build/tests/exact/$suite" --gtest_filter='*cuda_*'
done
# shellcheck disable=SC2317 # called through check
verify() { # TRACE: the machines' last lines go onto the page
  "$build/quatrain" verify "$1" --machines cuda,simt,emu.blocked >"$work/verify" && grep -E '^cuda\..* equal$' "$work/verify"
}
check "quatrain verify tests/data/outside_trace --machines cuda,simt,emu.blocked" verify tests/data/outside_trace
if "$build/quatrain" train demo_quick --out "$work/run" --trace "$work/run/trace" >"$work/train" 2>&1; then
  check "quatrain verify of a fresh trace (quatrain train demo_quick --trace)" verify "$work/run/trace"
  say
  say '```'
  say "$(grep -E '^(cuda|simt|emu)\.' "$work/verify" || true)"
  say '```'
else
  say "| a fresh trace | not made: $(tail -1 "$work/train") |"
fi

say
say "## compute-sanitizer"
if command -v compute-sanitizer >/dev/null; then
  say "| tool | |"
  say "|---|---|"
  for tool in memcheck racecheck initcheck synccheck; do
    check "$tool" compute-sanitizer --tool "$tool" --error-exitcode 1 "$gpu_test" --gtest_filter='CudaMachines.AgreeWith*'
  done
else
  say "Not run: compute-sanitizer was not found."
fi

say
say "## Speed"
if cmake --build "$build" --target kernels_cuda_bench >"$work/build" 2>&1; then
  say "\`kernels_cuda_bench\`: medians of 15 rounds, ours and the rival's in turn; ours / rival above 1 means faster. Launches only," \
    "without transfers. Compared with the rival's result before it is timed (products)."
  say
  if "$build/tests/kernels/kernels_cuda_bench" >"$work/bench" 2>"$work/log"; then
    say "$(cat "$work/bench")"
  else
    say "Failed: $(tail -1 "$work/log")"
    failed=1
  fi
else
  say "Not measured: $(tail -1 "$work/build")"
fi
echo "written: $page" >&2
exit $failed
