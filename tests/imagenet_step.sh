#!/usr/bin/env bash
# One LUQ training step of ResNet-18 at 224 x 224, batch 8, on images made here, then every machine of this computer on its
# trace. A quarter of an hour and 3 GB of disk; no part of test.sh.
#   tests/imagenet_step.sh [PROGRAM] [FOLDER]     default: build/release/quatrain, a new temporary folder
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:-build/release/quatrain}")
folder=${2:-$(mktemp -d)}
mkdir -p "$folder"
python=python3 # or the system's, for which Debian has python3-numpy
"$python" -c 'import numpy' 2>/dev/null || python=/usr/bin/python3

"$python" - "$folder" <<'PYTHON'
import json, pathlib, struct, sys, zlib
import numpy

folder = pathlib.Path(sys.argv[1])


def png(pixels):
    """Height x width x 3 bytes as a PNG file."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


# Smooth waves of a class's own frequency under noise: edges and areas, as in photographs.
draws = numpy.random.default_rng(1)
for part, images in (("train", 4), ("test", 1)):
    for label in range(2):
        directory = folder / "images" / part / f"class{label}"
        directory.mkdir(parents=True, exist_ok=True)
        for image in range(images):
            y, x = numpy.mgrid[0:256, 0:300] / (20.0 + 30 * label)
            waves = numpy.stack([numpy.sin(x * (c + 1) + image) * numpy.cos(y) for c in range(3)], axis=2)
            pixels = 128 + 90 * waves + draws.normal(0, 12, waves.shape)
            (directory / f"{image}.png").write_bytes(png(pixels.clip(0, 255).astype(numpy.uint8)))

config = json.loads(pathlib.Path("configs/training/resnet18.json").read_text())
config["data"]["classes"] = 2
config["layers"][-1]["out_features"] = 2
config["learning_rate"] = {"schedule": "linear", "from": 0.1, "to": 0.0}
config.update(batch=8, evaluation_batch=2, epochs=1)
(folder / "resnet18.json").write_text(json.dumps(config))
PYTHON

run=$folder/run
rm -rf "$run"
"$program" train "$folder/resnet18.json" --data "$folder/images" --out "$run" --trace-steps 0
"$program" trace check "$run/trace"
"$program" verify "$run/trace"
