#!/usr/bin/env python3
"""run.py QUATRAIN [--kills N] [--in-write N] [--seed N]: a training that is killed in many places ends as if undisturbed.

Trains demo_quick once without a disturbance. Then for each kill trains it anew, ends it with SIGKILL at some time, resumes it
and compares: the state_hash after every epoch, every row of steps.csv, gradients.csv and hashes.csv, and metrics.csv but for its
seconds. Most kills are spread evenly over the run's time. IN-WRITE of them wait until a checkpoint's temporary file is
there, and count only if that file is still there afterwards: the write was under way.

Exit code 1: a resumed run differs, or fewer kills than asked for hit a write. Prints one line per kill.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

STEPS = "5"  # between two checkpoints


def command(program, run, more=()):
    return [program, "train", "demo_quick", "--out", str(run), "--checkpoint-steps", STEPS, *more]


def finish(program, run, more=()):
    subprocess.run(command(program, run, more), check=True, stdout=subprocess.DEVNULL)


def state_of(run):
    """What two equal runs have in common: all tables, without the seconds of an epoch."""
    metrics = [line.split(",") for line in (run / "metrics.csv").read_text().splitlines()]
    seconds = metrics[0].index("seconds")
    for row in metrics:
        row[seconds] = ""
    tables = [(run / name).read_text() for name in ("steps.csv", "gradients.csv", "hashes.csv")]
    return metrics, tables


def left_over(run):
    return [name for name in os.listdir(run / "checkpoints") if ".partial-" in name]


def kill_in_write(process, run, not_before):
    """Ends the process as soon as a checkpoint is being written after `not_before`; true if its file is left."""
    folder = run / "checkpoints"
    while process.poll() is None:
        if time.monotonic() < not_before or not folder.is_dir():
            time.sleep(0.001)
            continue
        if left_over(run):
            process.send_signal(signal.SIGKILL)
            process.wait()
            return bool(left_over(run))
    return False


def newest(run):
    names = sorted(path.name for path in (run / "checkpoints").glob("*.safetensors")) if (run / "checkpoints").is_dir() else []
    return names[-1].removesuffix(".safetensors") if names else "none"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--in-write", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        begin = time.monotonic()
        finish(options.program, folder / "undisturbed")
        duration = time.monotonic() - begin
        expected = state_of(folder / "undisturbed")
        print(f"undisturbed: {expected[0][-1][-1]}")
        hits = wrong = done = tries = 0
        while done < options.kills:
            run = folder / "killed"
            shutil.rmtree(run, ignore_errors=True)
            aims = hits < options.in_write
            share = draw.random() * 0.9 if aims else (done + draw.random()) / options.kills
            process = subprocess.Popen(command(options.program, run), stdout=subprocess.DEVNULL)
            begin = time.monotonic()
            if aims:
                in_write = kill_in_write(process, run, begin + share * duration)
            else:
                while process.poll() is None and not (run / "config.json").exists():
                    time.sleep(0.001)  # the data are summed first: a share of what comes behind it
                time.sleep(share * max(0.0, begin + duration - time.monotonic()))
                process.send_signal(signal.SIGKILL)
                process.wait()
                in_write = (run / "checkpoints").is_dir() and bool(left_over(run))
            if process.returncode != -signal.SIGKILL or not (run / "config.json").exists():
                tries += 1  # it was over, or had not begun
                if tries > 10 * options.kills:
                    break
                continue
            done += 1
            hits += in_write
            stood = newest(run)
            finish(options.program, run, ["--resume"])
            is_equal = state_of(run) == expected and not left_over(run)
            wrong += not is_equal
            print(f"kill {done:2}  at {share:4.0%} of the time  newest checkpoint {stood:28}  "
                  f"{'in a write' if in_write else '          '}  {'equal' if is_equal else 'DIFFERENT'}", flush=True)
    print(f"{done} kills, {hits} inside the write of a checkpoint, {wrong} runs that differ")
    return 0 if wrong == 0 and done == options.kills and hits >= min(options.in_write, 5) else 1


if __name__ == "__main__":
    sys.exit(main())
