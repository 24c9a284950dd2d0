#!/usr/bin/env bash
# run.sh and build.sh around a program of one line: they build what is missing, say nothing when nothing is, and run the
# program of a clone that somebody else owns.
#   run_sh_test.sh SOURCE_TREE
set -euo pipefail
tree=$1
if grep -rn --include=CMakeLists.txt --exclude-dir=build '^ *file(GLOB.* CONFIGURE_DEPENDS ' "$tree"; then
  echo "a glob that is looked at in every build, which is then never silent; quatrain_watch_folders_of() does without" >&2
  exit 1
fi
scratch=$(mktemp -d /tmp/quatrain_run_sh_XXXXXX)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
clone=$scratch/clone
mkdir -p "$clone" "$scratch/bin"
cp "$tree/run.sh" "$tree/build.sh" "$clone"
# The program is a copied script under the name that run.sh starts.
cat >"$clone/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(quatrain LANGUAGES NONE)
add_custom_command(OUTPUT quatrain DEPENDS program.sh
                   COMMAND ${CMAKE_COMMAND} -E copy ${PROJECT_SOURCE_DIR}/program.sh quatrain)
add_custom_target(program DEPENDS quatrain)
END
cat >"$clone/CMakePresets.json" <<'END'
{"version": 6, "configurePresets": [{"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build/release"}]}
END
printf '#!/bin/sh\necho "first $*"\n' >"$clone/program.sh"
chmod 755 "$scratch" "$clone/program.sh"
# No dpkg-query here, so nothing is looked for and nothing installed.
for tool in bash sh env cat cmake ninja dirname; do ln -s "$(command -v $tool)" "$scratch/bin/$tool"; done

# run WANTED_OUT WANTED_ERR COMMAND...: stdout is WANTED_OUT, and stderr is like the pattern WANTED_ERR.
run() {
  local out=$1 err=$2 code=0 said
  shift 2
  PATH=$scratch/bin QUATRAIN_PRESET=release "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
  said=$(cat "$scratch/err")
  # shellcheck disable=SC2053
  if [ "$(cat "$scratch/out")" != "$out" ] || [[ $said != $err ]]; then
    echo "$*: stdout '$(cat "$scratch/out")', expected '$out'; stderr '$said', expected '$err'; exit code $code" >&2
    exit 1
  fi
}
# One who may read the clone and not write it. Root becomes nobody; others lose the right to write.
reader=()
if [ "$(id -u)" -eq 0 ]; then reader=("$(command -v setpriv)" --reuid=65534 --regid=65534 --clear-groups); fi
read_only() { [ "$(id -u)" -eq 0 ] || chmod -R "$1" "$clone"; }

read_only a-w
run "" "build.sh: $clone belongs to another user; copy it to a folder of your own to build it" "${reader[@]}" "$clone/run.sh" a b
read_only u+w
run "first a b" "?*" "$clone/run.sh" a b # builds, and says so on stderr
run "first demo" "" "$clone/run.sh"      # nothing to build
sed -i s/first/second/ "$clone/program.sh"
read_only a-w
run "first a b" "" "${reader[@]}" "$clone/run.sh" a b # what is built, though it is older than its source
read_only u+w
run "second a b" "?*" "$clone/run.sh" a b
run "second a b" "" "$clone/run.sh" a b
