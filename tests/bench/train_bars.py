#!/usr/bin/env python3
"""A training step of ResNet-20 (configs/training/resnet20.json) against PyTorch: its fp32 step, and LUQ as it is usually
emulated there, with values rounded in fp32. Programs take turns; times are medians over the rounds.

    tests/bench/train_bars.py build/bench/quatrain [--rounds 3] [--steps 6] [--threads 2]

Needs python3-torch (install_rivals.sh). The images are random: only the time counts."""
import argparse
import gzip
import json
import os
import pathlib
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time

root = pathlib.Path(__file__).resolve().parents[2]
batch = 128


# ---- PyTorch, in a process of its own: prints milliseconds a step


def torch_step(kind, steps, threads):
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    torch.manual_seed(1)
    torch.set_num_threads(threads)

    class Sawb(torch.autograd.Function):
        """INT4 (16 levels unsigned, 15 signed), clip from the two moments; gradients pass."""

        @staticmethod
        def forward(ctx, x, signed):
            c1, c2, top = (12.035, 12.03, 7) if signed else (11.5, 10.25, 15)
            magnitude = x.abs()
            clip = c1 * (x * x).mean().sqrt() - c2 * magnitude.mean()
            scale = torch.minimum(clip, magnitude.max()) / top
            return torch.round(x / scale).clamp_(-top if signed else 0, top) * scale

        @staticmethod
        def backward(ctx, gradient):
            return gradient, None

    class Luq(torch.autograd.Function):
        """Gradients to 7 powers of two by random rounding, small ones by random underflow."""

        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, gradient):
            alpha = gradient.abs().max() / 64
            y = gradient.abs() / alpha
            noise = torch.rand_like(y)
            low = torch.exp2(torch.floor(torch.log2(y.clamp(min=1))))
            level = torch.where(y / low - 1 >= noise, 2 * low, low)
            level = torch.where(y < 1, (y >= noise).to(y.dtype), level).clamp_(max=64)
            return torch.sign(gradient) * level * alpha

    class Conv(nn.Conv2d):
        def forward(self, x):
            if kind == "fp32":
                return super().forward(x)
            y = F.conv2d(Sawb.apply(x, False), Sawb.apply(self.weight, True), None, self.stride, self.padding)
            return Luq.apply(y)

    class Block(nn.Module):
        def __init__(self, inside, out, stride):
            super().__init__()
            self.conv1, self.bn1 = Conv(inside, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
            self.conv2, self.bn2 = Conv(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
            self.shortcut = nn.Sequential()
            if stride != 1:
                self.shortcut = nn.Sequential(Conv(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

        def forward(self, x):
            y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
            return F.relu(y + self.shortcut(x))

    blocks, inside = [], 16
    for out in (16, 32, 64):
        for i in range(3):
            blocks.append(Block(inside, out, 2 if out != inside and i == 0 else 1))
            inside = out
    net = nn.Sequential(nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    images, labels = torch.randn(batch, 1, 28, 28), torch.randint(0, 10, (batch,))
    times = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
    print(f"{1e3 * statistics.median(times[1:]):.3f} {torch.__version__}")


# ---- the two programs


def write_images(folder, steps):
    """A folder as Fashion-MNIST's, with so many images that an epoch has `steps` steps."""
    folder.mkdir()
    for name, count in (("train", steps * batch), ("t10k", 10)):
        for kind, head, size in (("images-idx3", struct.pack(">IIII", 2051, count, 28, 28), 784),
                                 ("labels-idx1", struct.pack(">II", 2049, count), 1)):
            body = os.urandom(count * size) if size > 1 else bytes(i % 10 for i in range(count))
            with gzip.open(folder / f"{name}-{kind}-ubyte.gz", "wb", compresslevel=1) as file:
                file.write(head + body)


def run(command, environment=None):
    """What a command prints, and its peak of memory in MiB."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))}: failed")
    return text, usage.ru_maxrss / 1024


def our_step(program, folder, recipe, round_number, threads):
    text, memory = run([program, "train", folder / "config.json", "--data", folder / "data", "--epochs", "1", "--profile",
                        "--gradients", "0", "--threads", str(threads), "--quantize", recipe, "--out",
                        folder / f"{recipe}-{round_number}"])
    return float(re.search(r"steps of ([0-9.]+) ms", text)[1]), memory


def python_with_torch():
    """This one, or Debian's, where another stands before it in PATH."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0:
            return python
    sys.exit("no PyTorch: expected the Debian package python3-torch (tests/bench/install_rivals.sh)")


def rival_step(python, kind, steps, threads):
    text, memory = run([python, __file__, "--torch", kind, "--steps", str(steps), "--threads", str(threads)])
    milliseconds, version = text.split()
    return float(milliseconds), memory, version


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="quatrain, as built")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--torch", choices=("fp32", "luq"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch:
        return torch_step(options.torch, options.steps, options.threads)
    if options.program is None:
        parser.error("which quatrain? expected its path")
    program = str(pathlib.Path(options.program).resolve())
    python = python_with_torch()
    measured = {name: [] for name in ("ours", "PyTorch LUQ", "PyTorch fp32")}
    memory = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_images(folder / "data", options.steps)
        config = json.loads((root / "configs/training/resnet20.json").read_text())
        (folder / "config.json").write_text(json.dumps(config))
        for number in range(options.rounds):
            milliseconds, memory["ours"] = our_step(program, folder, "luq", number, options.threads)
            measured["ours"].append(milliseconds)
            for kind, title in (("luq", "PyTorch LUQ"), ("fp32", "PyTorch fp32")):
                milliseconds, memory[title], version = rival_step(python, kind, options.steps, options.threads)
                measured[title].append(milliseconds)
    ours = statistics.median(measured["ours"])
    print(f"\nA LUQ step of ResNet-20, batch {batch}, {options.threads} threads; rival PyTorch {version}, "
          f"{options.rounds} rounds of {options.steps} steps")
    print(f"{'':<32} {'ours':>9} {'rival':>9} {'ratio':>7} {'bar':>6}")

    def row(what, our_value, rival_value, ratio, bar):
        verdict = "met" if ratio >= bar else "MISSED"
        print(f"{what:<32} {our_value:>9.1f} {rival_value:>9.1f} {ratio:>7.2f} {bar:>6.2f} {verdict}")

    for title, bar in (("PyTorch LUQ", 5), ("PyTorch fp32", 1)):
        rival = statistics.median(measured[title])
        ratios = [theirs / mine for mine, theirs in zip(measured["ours"], measured[title])]
        row(f"ms a step, {title}", ours, rival, statistics.median(ratios), bar)
    for title in ("PyTorch LUQ", "PyTorch fp32"):
        row(f"MiB at most, {title}", memory["ours"], memory[title], memory[title] / memory["ours"], 1)


if __name__ == "__main__":
    main()
