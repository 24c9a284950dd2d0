#!/usr/bin/env bash
# Makes docs/pictures/NAME.png, the first screen of a page, with headless Chromium (Debian package chromium).
#   docs/pictures/make.sh runs/demo-001/report.html
#   docs/pictures/make.sh studies/array_and_memory/study.html 1000    pixels from top to bottom; 800 by itself
set -euo pipefail
[ $# -eq 1 ] || [ $# -eq 2 ] || { echo "usage: $0 PAGE.html [PIXELS]" >&2; exit 2; }
command -v chromium >/dev/null || { echo "$0: chromium is missing (Debian package chromium)" >&2; exit 2; }
page=$(realpath "$1")
picture=$(cd "$(dirname "$0")" && pwd)/$(basename "$page" .html).png
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
  --window-size="1200,${2:-800}" --virtual-time-budget=5000 --screenshot="$picture" "file://$page" 2>/dev/null
echo "$picture"
