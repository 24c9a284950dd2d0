#!/usr/bin/env bash
# Makes docs/pictures/report.png, the first screen of a report page, with headless Chromium (Debian package chromium).
#   docs/pictures/make.sh runs/demo-001/report.html
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 REPORT.html" >&2; exit 2; }
command -v chromium >/dev/null || { echo "$0: chromium is missing (Debian package chromium)" >&2; exit 2; }
page=$(realpath "$1")
picture=$(cd "$(dirname "$0")" && pwd)/report.png
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
  --window-size=1200,800 --virtual-time-budget=5000 --screenshot="$picture" "file://$page" 2>/dev/null
echo "$picture"
