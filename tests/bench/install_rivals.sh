#!/usr/bin/env bash
# tests/bench/install_rivals.sh: installs what the benchmarks are measured against (Debian packages).
set -euo pipefail
packages=(libbenchmark-dev libopenblas-dev libdnnl-dev python3-torch)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0
[ "$(id -u)" -eq 0 ] && sudo="" || sudo=sudo
$sudo apt-get install -y --no-install-recommends "${missing[@]}"
