#!/usr/bin/env bash
# ./test.sh           installs what is missing, builds everything and runs every test
# ./test.sh quick     only the tests that are labelled quick (under a minute)
set -euo pipefail
cd "$(dirname "$0")"
case "${1:-all}" in
  all) select=() ;;
  quick) select=(-L quick) ;;
  *) echo "usage: ./test.sh [quick]" >&2; exit 2 ;;
esac
./build.sh all
exec ctest --test-dir "build/${QUATRAIN_PRESET:-release}" -j "$(($(nproc) + 1))" --output-on-failure "${select[@]}"
