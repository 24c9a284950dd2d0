#!/usr/bin/env bash
# Installs what is missing (Debian packages), configures and builds. run.sh and test.sh call it; with nothing to do it
# returns at once. Arguments: targets to build (default: quatrain). QUATRAIN_PRESET: the CMake preset (default: release).
set -euo pipefail
cd "$(dirname "$0")"

tools="g++ cmake ninja-build pkg-config"
libraries="libsystemc-dev libboost-dev libboost-context-dev libfmt-dev
  nlohmann-json3-dev libcli11-dev libtbb-dev libssl-dev zlib1g-dev libpng-dev libjpeg-dev
  libonnx-dev libprotobuf-dev libboost-mpi-dev openmpi-bin"
data="libjs-chart.js dataset-fashion-mnist"
tests="libgtest-dev libgmock-dev libvalijson-dev python3-numpy strace"

install_missing() {
  command -v dpkg-query >/dev/null || return 0 # not Debian: CMake will name what it misses
  local missing
  # shellcheck disable=SC2086
  # dpkg-query fails when it does not know one of the names: that is what is asked here
  missing=$({ dpkg-query -W -f='${db:Status-Abbrev}${binary:Package}\n' $tools $libraries $data $tests 2>/dev/null || true; } |
    sed -n 's/^ii *//p' | sed 's/:.*//' | sort | comm -13 - <(printf '%s\n' $tools $libraries $data $tests | sort))
  [ -n "$missing" ] || return 0
  missing=$(echo $missing)
  if [ "$(id -u)" -ne 0 ]; then
    echo "missing Debian packages; install them with:" >&2
    echo "  sudo apt-get install -y --no-install-recommends $missing" >&2
    exit 2
  fi
  echo "installing: $missing" >&2
  apt-get update -qq >&2
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

install_missing
[ -d /usr/local/cuda/bin ] && PATH=$PATH:/usr/local/cuda/bin # nvcc, where it is installed but not on the path
preset=${QUATRAIN_PRESET:-release}
if [ $# -eq 0 ]; then set -- quatrain; fi
if [ ! -w . ] && [ ! -w "build/$preset" ]; then
  echo "build.sh: $PWD belongs to another user; copy it to a folder of your own to build it" >&2
  exit 2
fi
if [ ! -f "build/$preset/build.ninja" ]; then
  said=$(cmake --preset "$preset" 2>&1) || { echo "$said" >&2; exit 2; }
fi
# Nothing to do: nothing is said. Otherwise progress on stderr, so that stdout stays the program's.
would=$(cmake --build "build/$preset" --target "$@" -- -n 2>&1 || true)
[[ $would == *"no work to do"* ]] || cmake --build "build/$preset" --target "$@" >&2
