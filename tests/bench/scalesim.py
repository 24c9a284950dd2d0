#!/usr/bin/env python3
"""SCALE-Sim 3.0.0 (which computes no values) beside the fidelities tile and array (which do), in MACs a second.

    python3 -m venv build/scalesim && build/scalesim/bin/pip install scalesim==3.0.0 'numpy<2'
    tests/bench/scalesim.py --python build/scalesim/bin/python [--bench build/bench/tests/rtl_models/rtl_models_replay_bench]

One GEMM, m = n = k = 256, output stationary on 32 x 32 PEs. The cycles that SCALE-Sim reports must be those of
docs/hardware-model.md, "As SCALE-Sim counts", before anything is compared. Both run on one core, in turn; its time is
that of its simulation without its start.
"""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

SIDE, SIZE, ROUNDS = 32, 256, 3
MACS = SIZE**3
CYCLES = (SIZE // SIDE) ** 2 * (2 * SIDE + SIZE - 2) - 1

CONFIG = f"""[general]
run_name = cube
[architecture_presets]
ArrayHeight = {SIDE}
ArrayWidth = {SIDE}
IfmapSramSzkB = 1024
FilterSramSzkB = 1024
OfmapSramSzkB = 1024
IfmapOffset = 0
FilterOffset = 10000000
OfmapOffset = 20000000
Dataflow = os
ReadRequestBuffer = 512
WriteRequestBuffer = 512
[layout]
IfmapCustomLayout = False
FilterCustomLayout = False
IfmapSRAMBankBandwidth = 10
IfmapSRAMBankNum = 10
IfmapSRAMBankPort = 2
FilterSRAMBankBandwidth = 10
FilterSRAMBankNum = 10
FilterSRAMBankPort = 2
[sparsity]
SparsitySupport = false
[run_presets]
InterfaceBandwidth = CALC
UseRamulatorTrace = False
"""

# Runs inside the other Python.
TIMED = """
import sys, time
from scalesim.scale_sim import scalesim
sim = scalesim(save_disk_space=True, verbose=False, config=sys.argv[1], topology=sys.argv[2], layout=sys.argv[3],
               input_type_gemm=True)
start = time.process_time()
sim.run_scale(top_path=sys.argv[4])
print("seconds", time.process_time() - start)
"""


def scalesim_seconds(python, folder):
    """Processor time of one simulation."""
    config, topology, layout = folder / "cube.cfg", folder / "cube.csv", folder / "layout.csv"
    config.write_text(CONFIG)
    topology.write_text(f"Layer, M, N, K,\ncube, {SIZE}, {SIZE}, {SIZE},\n")
    layout.write_text("Layer," * 21 + "\n" + "cube," + "1," * 20 + "\n")
    run = subprocess.run([python, "-c", TIMED, config, topology, layout, folder], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"scalesim.py: SCALE-Sim failed: {run.stderr.strip().splitlines()[-1]}")
    with open(next(folder.rglob("COMPUTE_REPORT.csv"))) as file:
        row = list(csv.DictReader(file, skipinitialspace=True))[0]
    cycles = int(float(row["Total Cycles"]))
    if cycles != CYCLES:
        sys.exit(f"scalesim.py: SCALE-Sim reports {cycles} cycles; expected {CYCLES}")
    return float(run.stdout.split("seconds")[-1])


def replay_rates(bench):
    """MACs a second of fidelity tile and of array, its rival."""
    run = subprocess.run([bench, "--benchmark_filter=tile_cube", "--benchmark_format=json"], capture_output=True, text=True,
                         check=True)
    found = json.loads(run.stdout)["benchmarks"][0]
    return found["MAC/s"], found["rival_MAC/s"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="a Python that has scalesim 3.0.0")
    parser.add_argument("--bench", default="build/bench/tests/rtl_models/rtl_models_replay_bench")
    arguments = parser.parse_args()
    theirs, tiles, arrays = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            theirs.append(MACS / scalesim_seconds(arguments.python, pathlib.Path(folder)))
        tile, array = replay_rates(arguments.bench)
        tiles.append(tile)
        arrays.append(array)
    rival = statistics.median(theirs)
    print(f"SCALE-Sim 3.0.0   {rival:.3g} MAC/s, no values, {CYCLES} cycles as it counts")
    for name, rates in (("array", arrays), ("tile", tiles)):
        times = statistics.median(ours / other for ours, other in zip(rates, theirs))
        print(f"fidelity {name:8} {statistics.median(rates):.3g} MAC/s, values and activity, {times:.0f} times SCALE-Sim")


if __name__ == "__main__":
    main()
