"""Writes gradients of your own as a trace that `quatrain study` takes. Needs numpy alone.

    import quatrain_trace
    quatrain_trace.write_gradients("mine", {"fc1": gradient})      # [batch, out] or [batch, channels, height, width]

The trace holds each gradient in fp32, and the FP4 codes that rounding to nearest makes of it (docs/numerics.md, section
3: `nearest_fp4`). Every tool of Quatrain reads it: `quatrain trace check`, `verify`, `study`. docs/trace-format.md defines
the format, docs/guides/gradients.md has an example with PyTorch. This file stands alone: copy it, or put its folder on
PYTHONPATH.
"""

import hashlib
import json
import os
import struct

import numpy

__all__ = ["nearest_fp4", "write_gradients"]

CRC_TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    CRC_TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 255]
    return f"{crc ^ 0xFFFFFFFF:08x}"


def bits(value):
    return f"{numpy.float32(value).view(numpy.uint32):08x}"


def nearest_fp4(x):
    """fp32 array -> (codes, one per element; maximum; scale)."""
    x = numpy.asarray(x, numpy.float32)
    if not numpy.isfinite(x).all():
        raise ValueError(f"element {int(numpy.argmin(numpy.isfinite(x)))} is not finite")
    maximum = numpy.abs(x).max()
    if maximum < 2.0**-100:
        return numpy.zeros(x.shape, numpy.uint8), maximum, numpy.float32(0)
    y = numpy.abs(x) * (numpy.float32(64) / maximum)
    q = numpy.frexp(numpy.maximum(y, 1))[1] - 1  # 2^q <= y < 2^(q+1)
    gap = numpy.where(y < 1, y, numpy.ldexp(y, -q) - 1)  # place in the gap, exact
    lower = numpy.where(y < 1, 0, q + 1)
    up = (gap > 0.5) | ((gap == 0.5) & (lower % 2 == 1))  # a tie goes to the even exponent
    exponent = numpy.where(y >= 64, 7, lower + up)
    codes = numpy.where(exponent == 0, 0, exponent + numpy.where(x < 0, 8, 0)).astype(numpy.uint8)
    return codes, maximum, numpy.float32(maximum * numpy.float32(2.0**-6))


def pack(codes):
    flat = codes.reshape(-1)
    flat = numpy.append(flat, numpy.zeros(flat.size % 2, numpy.uint8))
    return (flat[0::2] | flat[1::2] << 4).tobytes()


def layer_of(number, name, shape):
    """The smallest layer with this output: what is not known of it does not matter for its gradient."""
    if len(shape) == 2:
        return {"id": number, "name": name, "kind": "linear", "in_features": 1, "out_features": shape[1]}
    if len(shape) == 4:
        return {"id": number, "name": name, "kind": "conv2d", "in_channels": 1, "out_channels": shape[1], "kernel": [1, 1],
                "stride": [1, 1], "padding": [0, 0], "groups": 1}
    raise ValueError(f"{name}: shape {shape}; expected [batch, out] or [batch, channels, height, width]")


def write_gradients(directory, gradients, step=0, seed=1, model="gradients"):
    """`gradients`: layer's name to the gradient of its output, anything that numpy.asarray takes. `directory` is new."""
    tensors, layers, quantizers, header, floats, nibbles = {}, [], [], {}, b"", b""
    for number, (name, gradient) in enumerate(gradients.items()):
        x = numpy.ascontiguousarray(gradient, "<f4")
        codes, maximum, scale = nearest_fp4(x)
        place = f"{step}/train/{name}/gradient"
        layers.append(layer_of(number, name, list(x.shape)))
        quantizers.append({
            "id": place + "/0", "layer": number, "step": step, "pass": "train", "role": "gradient", "rule": "nearest_fp4",
            "source": place + "/source", "codes": place + "/0/codes", "max": bits(maximum), "scale": bits(scale), "sample": 0,
            "random_bits": 0, "alpha": "exact", "maximum": "measured", "max_used": bits(maximum)})
        for tensor, encoding, data in [(place + "/source", "fp32", x.tobytes()), (place + "/0/codes", "fp4_e3m0", pack(codes))]:
            tensors[tensor] = {"file": "gradients.safetensors", "encoding": encoding, "shape": list(x.shape),
                               "crc32c": crc32c(data)}
            if encoding == "fp32":
                header[tensor] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [len(floats), len(floats) + len(data)]}
                floats += data
            else:
                header[tensor] = {"dtype": "U8", "shape": [len(data)], "data_offsets": [len(nibbles), len(nibbles) + len(data)]}
                nibbles += data
    for entry in header.values():  # all F32 before all U8
        if entry["dtype"] == "U8":
            entry["data_offsets"] = [offset + len(floats) for offset in entry["data_offsets"]]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    manifest = {"format": "quatrain-trace", "version": 1, "numerics": "strict4/1",
                "producer": {"name": "quatrain_trace.py", "version": "1"},
                "run": {"model": model, "seed": seed, "config_sha256": None, "note": ""},
                "tensors": tensors, "layers": layers, "quantizers": quantizers, "gemms": []}
    files = {"gradients.safetensors": struct.pack("<Q", len(text)) + text + floats + nibbles,
             "manifest.json": json.dumps(manifest, indent=1).encode()}
    files["SHA256SUMS"] = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    partial = f"{directory}.partial"
    os.mkdir(partial)
    for name, data in files.items():
        with open(os.path.join(partial, name), "wb") as file:
            file.write(data)
    if os.path.exists(directory):
        raise FileExistsError(f"{directory}: exists; expected the name of a new trace")
    os.rename(partial, directory)
