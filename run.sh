#!/usr/bin/env bash
# ./run.sh            installs what is missing, builds, and runs `quatrain demo` (one to two minutes on 2 cores)
# ./run.sh ARGS       the same with `quatrain ARGS`; nothing to install or build: it starts at once
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/build.sh" quatrain
if [ $# -eq 0 ]; then set -- demo; fi
exec "$here/build/${QUATRAIN_PRESET:-release}/quatrain" "$@"
