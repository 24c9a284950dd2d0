#!/usr/bin/env python3
"""run.py QUATRAIN KERNELS [--page FILE]: every wrong kernel through `quatrain verify`, and docs/results/wrong-kernels.md.

KERNELS is the folder of the libraries that the build makes of kernel.c, one for each name. Prints the page. With --page
it compares the page with FILE and says where they differ. Exit code 1: another page; a wrong kernel that nobody finds; a
right one that is not equal or gets a diagnosis; fewer than NEEDED right diagnoses of the drawn ones.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import draw

HERE = pathlib.Path(__file__).resolve().parent
TRAINING = HERE.parent / "data" / "outside_trace"
NEEDED = 9

# name, what it does, the causes that count as right: the table of README.md
FIRST = [
    ("tail_of_8", "the terms behind the last whole 8 of k are not added", ["k_tail.8"]),
    ("int16_sums", "the sum wraps in int16", ["accumulator.int16_wrapped"]),
    ("fp16_sums", "sums of 32 terms in fp16, added in fp32", ["accumulator.fp16_chunk_32"]),
    ("swapped_right", "the two nibbles of a byte of the right operand are swapped", ["nibble_order.right"]),
    ("gradient_sign", "the sign of FP4 codes is dropped", ["sign.left_lost", "sign.right_lost", "sign.both_fp4_lost"]),
    ("sign_magnitude", "int4 codes are read as sign and magnitude", ["sign.both_magnitude"]),
    ("transposed_weight", "the weight is read as [in, out]", ["transposition.right"]),
    ("last_rows", "the rows behind the last whole 32 stay zero", ["tile_edge.rows_32"]),
    ("padding_repeats", "padding repeats the nearest element in place of zero", ["geometry.padding_repeats"]),
    ("next_draw", "an element of LUQ has the draw of the next one", ["draw.next"]),
    ("half_away", "SAWB rounds ties away from zero", ["ties.away"]),
    ("sample_zero", "every sample of LUQ has the draws of sample 0", ["draw.sample"]),
]

# why a diagnosis is not right
MISSED = {
    "sample_dropped_backward_weight": "Without its last sample a product of one sample is all zero. Rows behind the last whole tile that are not "
                                      "computed are zero too, and that explains more records: most have one sample and few rows.",
}


def drawn():
    for site, kind, part, what, cause in draw.drawn():
        yield f"{site}_{kind}_{part}", f"{part}: {what}", [cause]


class Findings:
    """What verify says of one kernel on one trace."""

    def __init__(self, machine):
        self.verdict = machine["verdict"]
        found = [machine["diagnosis"][of] for of in ("gemms", "quantizers")]
        self.diagnoses = [one for one in found if one]

    def causes(self):
        return [one["cause"] for one in self.diagnoses]

    def text(self):
        if self.verdict == "equal":
            return "equal"
        return ", ".join(f"`{cause}`" for cause in self.causes()) or "found, no diagnosis"

    def names(self, expected):
        return any(cause.startswith(prefix) for cause in self.causes()[:1] for prefix in expected)


def verify(program, trace, kernels, folder):
    """All kernels in one run."""
    report = folder / "crosscheck.json"
    command = [program, "verify", trace, "--json", report, "--machines", "emu.blocked"]
    for kernel in kernels:
        command += ["--kernel", kernel]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit(f"run.py: {trace}: {run.stderr.strip()}")
    machines = json.loads(report.read_text())["machines"]
    return [Findings(machines[f"kernel.{kernel.stem}"]) for kernel in kernels]


HEAD = """# Wrong kernels

One kernel in C and 24 mistakes in it (`tests/wrong_kernels/`), each a library of its own, through `quatrain verify --kernel`: on a
training trace (`tests/data/outside_trace`) and on the conformance set (`quatrain conformance make --quick`). Each cell says which cause
verify names first, or `equal` where that trace does not show the mistake. A diagnosis is right if it is the cause that was written down for the
mistake beforehand; it is judged on the conformance set. `tests.wrong_kernels` runs all of this again and compares this page.
"""


def table(kernels, training, sharp):
    missed = []
    rows = ["| kernel | what it does | training trace | conformance set | right |", "|---|---|---|---|---|"]
    right = 0
    for name, what, expected in kernels:
        is_right = sharp[name].names(expected) or (sharp[name].verdict == "equal" and training[name].names(expected))
        right += is_right
        if not is_right:
            missed += ["", f"`{name}`: {MISSED.get(name, 'not looked into.')}"]
        rows.append(f"| {name} | {what} | {training[name].text()} | {sharp[name].text()} | {'yes' if is_right else 'no: ' + ', '.join(f'`{e}`' for e in expected)} |")
    return rows + missed, right


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("kernels", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path)
    typed = parser.parse_args()
    second = list(drawn()) if typed.kernels.joinpath(next(drawn())[0] + ".so").exists() else []
    names = ["none"] + [name for name, _, _ in FIRST + second]
    libraries = [typed.kernels / f"{name}.so" for name in names]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        made = subprocess.run([typed.program, "conformance", "make", folder / "sharp", "--quick"], capture_output=True, text=True)
        if made.returncode != 0:
            sys.exit(f"run.py: conformance make: {made.stderr.strip()}")
        training = dict(zip(names, verify(typed.program, TRAINING, libraries, folder)))
        sharp = dict(zip(names, verify(typed.program, folder / "sharp", libraries, folder)))

    faults = [name for name in names[1:] if training[name].verdict == sharp[name].verdict == "equal"]
    if training["none"].verdict != "equal" or sharp["none"].verdict != "equal" or training["none"].diagnoses or sharp["none"].diagnoses:
        faults.append("none")
    first_rows, first_right = table(FIRST, training, sharp)
    second_rows, second_right = table(second, training, sharp)
    found = len(names) - 1 - len([name for name in faults if name != "none"])
    page = "\n".join([
        HEAD,
        f"{found} of {len(names) - 1} wrong kernels are found. The right one is equal on both traces and gets no diagnosis.", "",
        f"## The first dozen, chosen before the diagnosis was written: {first_right} of {len(FIRST)} right", "", *first_rows, "",
        f"## The second dozen, drawn after it was finished: {second_right} of {len(second)} right", "", *second_rows, ""])
    print(page)
    if typed.page and typed.page.read_text().strip() != page.strip():
        sys.exit(f"run.py: {typed.page.name} says something else; expected what `run.py QUATRAIN KERNELS` prints")
    if faults:
        sys.exit(f"run.py: not found, or found where nothing is wrong: {', '.join(faults)}")
    if second and second_right < NEEDED:
        sys.exit(f"run.py: {second_right} right diagnoses of the drawn kernels; expected at least {NEEDED}")


if __name__ == "__main__":
    main()
