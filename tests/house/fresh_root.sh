#!/usr/bin/env bash
# Tries the project the way a stranger does: a bare Debian 12 root (debootstrap; no compiler, no nvcc), git clone, ./run.sh,
# ./test.sh, nothing else typed. Needs root, debootstrap and about 4 GB; takes half an hour on 2 cores.
#   tests/house/fresh_root.sh FOLDER [demo arguments, e.g. --quick]
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: $0 FOLDER [demo arguments]" >&2; exit 2; }
root=$1; shift
source_tree=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "fresh_root.sh: needs root for debootstrap and chroot" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "fresh_root.sh: debootstrap is missing" >&2; exit 2; }
[ ! -e "$root" ] || { echo "fresh_root.sh: $root exists" >&2; exit 2; }
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" >"$root.debootstrap.log"
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
cp /etc/resolv.conf "$root/etc/resolv.conf"
git clone -q --bare "$source_tree" "$root/srv/quatrain.git"
in_root() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }
in_root git clone -q /srv/quatrain.git /root/quatrain
time in_root /root/quatrain/run.sh demo "$@"
time in_root /root/quatrain/test.sh
echo "fresh root: run.sh and test.sh passed"
