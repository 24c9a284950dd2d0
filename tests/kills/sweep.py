#!/usr/bin/env python3
"""sweep.py QUATRAIN [STUDY] [--kills N] [--threads N]: a sweep that is killed in many places ends as if undisturbed.

Runs the study once without a disturbance and prints its seconds. Then runs it again, ends it with SIGKILL, resumes it, and so
on, N times, with the kills spread over its designs. Then runs it as two shards. Each time all tables must
be the same bytes as those of the undisturbed run, and the journals must hold every design once.

Exit code 1: a table differs, a design was simulated twice, or fewer kills than asked for hit a running sweep.
"""
import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

STUDY = pathlib.Path(__file__).resolve().parents[2] / "configs/studies/array_and_memory.json"
TABLES = ("designs.csv", "layers.csv", "base.csv", "base_layers.csv")


def journal_points(out):
    """Of all journals in a folder; a line that a kill cut short does not count."""
    points = []
    for file in sorted(out.glob("journal*.jsonl")):
        for line in file.read_bytes().split(b"\n")[1:-1]:
            points.append(json.loads(line)["point"])
    return points


def lines_of(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("study", nargs="?", default=str(STUDY))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.program = str(pathlib.Path(options.program).resolve())

    def command(out, *more):
        return [options.program, "sweep", options.study, "--out", str(out), "--threads", str(options.threads), *more]

    def run(out, *more):
        begin = time.monotonic()
        done = subprocess.run(command(out, *more), check=True, stdout=subprocess.PIPE, text=True)
        return time.monotonic() - begin, done.stdout

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        whole, killed, parts = (folder / name for name in ("whole", "killed", "parts"))
        seconds, text = run(whole)
        print(f"undisturbed: {seconds:.1f} s with {options.threads} threads; {text.splitlines()[0]}", flush=True)
        designs = len(journal_points(whole))

        def check(out, what):
            differing = [name for name in TABLES if (out / name).read_bytes() != (whole / name).read_bytes()]
            points = journal_points(out)
            twice = len(points) - len(set(points))
            print(f"{what}: {'equal' if not differing else 'DIFFERENT: ' + ', '.join(differing)}, "
                  f"{len(set(points))} of {designs} designs, {twice} simulated twice", flush=True)
            return not differing and twice == 0 and len(points) == designs

        kills = 0
        draw = random.Random(1)
        for _ in range(3 * options.kills):
            if kills == options.kills:
                break
            aim = designs * (kills + 1) // (options.kills + 1)
            process = subprocess.Popen(command(killed, "--resume"), stdout=subprocess.DEVNULL)
            while process.poll() is None and lines_of(killed / "journal.jsonl") <= aim:
                time.sleep(0.002)
            time.sleep(draw.random() * seconds / designs)  # somewhere inside the next design
            process.send_signal(signal.SIGKILL)
            process.wait()
            if process.returncode == 0:
                break  # it was over
            if process.returncode == -signal.SIGKILL:
                kills += 1
                print(f"kill {kills:2}: {len(journal_points(killed)):5} designs done", flush=True)
        run(killed, "--resume")
        is_right = check(killed, f"{kills} kills")
        run(parts, "--shard", "1/2")
        run(parts, "--shard", "2/2")
        is_right = check(parts, "2 shards") and is_right
    return 0 if is_right and kills == options.kills else 1


if __name__ == "__main__":
    sys.exit(main())
