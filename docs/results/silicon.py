#!/usr/bin/env python3
"""silicon.py QUATRAIN: energy per MAC on the chip, of one dense product on arrays of INT4 and INT8 PEs (docs/results/silicon.md).

On the chip: all components but DRAM and quantizers, which the published figures do not hold either. 1 MAC is 2 operations.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

OUTSIDE = ("dram", "quantizer_dram", "quantizer", "random_source")
RUNS = (("int4", "7nm"), ("int8", "16nm"))
SIDES = (16, 32, 64, 128)


def simulated(program, folder, kind, node, side):
    out = f"{kind}_{side}"
    command = [program, "sim", "luq_32x32", "dense.csv", "--out", out, "--set", f"pe={kind}", "--set", f'technology=["{node}"]',
               "--set", f"array.rows={side}", "--set", f"array.columns={side}", "--set", "array.drain=shadow",
               "--set", "name=dense"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / out / "dense.dense.json").read_text())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "dense.csv").write_text("layer,m,n,k\ndense,4096,4096,4096\n")
        print("PE, node, array       use %   fJ per MAC low/nominal/high   TOPS/W high/nominal/low   largest parts, fJ nominal")
        for kind, node in RUNS:
            for side in SIDES:
                result = simulated(program, folder, kind, node, side)
                parts = {}
                for line in result["technologies"][node]["components"]:
                    if line["component"] not in OUTSIDE:
                        for bound, pj in line["energy_pj"].items():
                            parts.setdefault(line["component"], {}).setdefault(bound, 0.0)
                            parts[line["component"]][bound] += pj
                fj = {bound: 1e3 * sum(part[bound] for part in parts.values()) / result["macs"]
                      for bound in ("low", "nominal", "high")}
                tops = {bound: 2e3 / value for bound, value in fj.items()}  # operations per pJ are TOPS/W
                largest = sorted(parts.items(), key=lambda item: -item[1]["nominal"])[:4]
                use = 100 * result["utilization"]["overall"]
                print(f"{kind}, {node:>4}, {side:3} x {side:<3}  {use:6.1f}   "
                      f"{fj['low']:6.1f} / {fj['nominal']:6.1f} / {fj['high']:6.1f}      "
                      f"{tops['low']:6.1f} / {tops['nominal']:5.1f} / {tops['high']:5.1f}   "
                      + ", ".join(f"{part} {1e3 * pj['nominal'] / result['macs']:.1f}" for part, pj in largest))


if __name__ == "__main__":
    main()
