#!/usr/bin/env bash
# ./run.sh            installs what is missing, builds, and runs `quatrain demo` (one to two minutes on 2 cores)
# ./run.sh ARGS       the same with `quatrain ARGS`; nothing to install or build: it starts at once
# Who may not write the build folder (the clone is another user's) runs the program that stands there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$here/build/${QUATRAIN_PRESET:-release}/quatrain
if [ ! -x "$program" ] || [ -w "$(dirname "$program")" ]; then "$here/build.sh" quatrain; fi
if [ $# -eq 0 ]; then set -- demo; fi
exec "$program" "$@"
