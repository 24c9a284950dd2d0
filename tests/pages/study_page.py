#!/usr/bin/env python3
"""study_page.py QUATRAIN: a study's page in a browser (headless Chromium, Debian package chromium).

Sweeps a small study and opens its study.html. No error may reach the console. Each chart must have as many marks as the
tables have designs and layers. A click on a mark, and on a row, must show that design's keys, sums, layers and whole
config; the base's, too. Every figure is counted again from the tables, and the config must be the one in the result of the
command that is shown. More than 20 values of a key must not look alike.

Exit code 77: Chromium is missing (nothing was checked); 1: something differs.
"""
import csv
import html
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROWS = list(range(8, 8 + 22))
STUDY = {
    "name": "browsed", "design": "luq_32x32",
    "workloads": [{"workload": "lenet5", "weight": 2}, {"workload": "bert_base"}],
    "vary": {"array.rows": ROWS, "clock_mhz": [500, 1000]},
    "constraints": {"area_mm2": 0.09},
}

BEFORE = """<script>
window.probe_errors = [];
window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 5);  // virtual time has few frames
addEventListener("error", (event) => probe_errors.push(String(event.message)));
for (const name of ["error", "warn"]) console[name] = (...words) => probe_errors.push(words.join(" "));
</script>"""

AFTER = """<script>
(async () => {
  const seen = {clicks: []};
  const text_of = (id) => document.getElementById(id)?.textContent ?? null;
  const shown = () => ({
    name: text_of("chosen-name"),
    keys: [...document.querySelectorAll("#chosen-keys tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
    commands: text_of("chosen-commands"), config: JSON.parse(text_of("chosen-config")),
    roofline: study.charts.roofline.data.datasets.filter((set) => set.layers.length > 0)
        .flatMap((set) => set.data.map((at, i) => ({layer: set.layers[i].layer, phase: set.label, ...at}))),
    roof: study.charts.roofline.data.datasets.find((set) => set.label === "roof").data,
    bytes: study.charts.bytes.data.datasets.map((set) => [set.label, set.data]),
    chosen_rows: [...document.querySelectorAll("tr.chosen")].map((row) => row.cells[0].textContent)});
  const marks = () => study.charts.pareto.data.datasets.filter((set) => set.label !== "front" && !set.label.startsWith("base "));
  const click = (index) => {
    const chart = study.charts.pareto;
    const d = chart.data.datasets.findIndex((set) => set.label !== "front" && set.indices.includes(index));
    const mark = chart.getDatasetMeta(d).data[chart.data.datasets[d].indices.indexOf(index)];
    const box = chart.canvas.getBoundingClientRect();
    for (const kind of ["mousemove", "click"])
      chart.canvas.dispatchEvent(new MouseEvent(kind, {bubbles: true, clientX: box.left + mark.x, clientY: box.top + mark.y}));
  };
  const pause = () => new Promise((done) => setTimeout(done, 30));
  const choose = (id, value) => {
    const select = document.getElementById(id);
    select.value = value;
    select.dispatchEvent(new Event("change"));
  };
  seen.first = shown();
  seen.marks = marks().flatMap((set) => set.data.map((at, i) => ({index: set.indices[i], ...at})));
  seen.looks = marks().map((set) => [set.label, set.borderColor, set.pointStyle]);
  seen.front = study.charts.pareto.data.datasets.find((set) => set.label === "front").indices;
  seen.base = study.charts.pareto.data.datasets.filter((set) => set.label.startsWith("base ")).map((set) => set.data[0]);
  const energy = Chart.getChart("chart-0");
  seen.bars = energy.data.labels.length;
  seen.sums = energy.data.labels.map((_, i) => energy.data.datasets.reduce((sum, set) => sum + set.data[i], 0));
  for (const index of PICKED) {
    click(index);
    for (let tries = 0; tries < 100 && study.state.design !== index; ++tries) await pause();  // Chart.js answers with a frame
    seen.clicks.push({index, ...shown()});
  }
  const rows = document.querySelector("#section-1 figure.table tbody").rows;
  rows[0].click();
  seen.base_row = shown();
  rows[3].click();  // behind the base: place 3
  seen.row = shown();
  choose("choose-x", "area");
  seen.by_area = marks().flatMap((set) => set.data.map((at, i) => ({index: set.indices[i], ...at})));
  choose("choose-workload", "1");
  seen.other_workload = shown();
  seen.errors = probe_errors;
  const result = document.createElement("pre");
  result.id = "probe-result";
  result.textContent = JSON.stringify(seen);
  document.body.append(result);
})();
</script>"""

wrong = []


def expect(is_right, what):
    if not is_right:
        wrong.append(what)


def near(a, b):
    return abs(a - b) <= 2e-6 * abs(b)


def shows(text, value):
    return abs(float(text.replace(",", "")) - value) <= 1e-4 * abs(value)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("skipped: no chromium (Debian package chromium)")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "study.json").write_text(json.dumps(STUDY))
        program = str(pathlib.Path(sys.argv[1]).resolve())
        subprocess.run([program, "sweep", "study.json", "--out", "s"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        rows = list(csv.DictReader((folder / "s/designs.csv").open()))
        layers = list(csv.DictReader((folder / "s/layers.csv").open()))
        base_rows = list(csv.DictReader((folder / "s/base.csv").open()))
        layers += csv.DictReader((folder / "s/base_layers.csv").open())
        page = (folder / "s/study.html").read_text()
        if 'class="no-charts"' in page:
            print("skipped: the program was built without Chart.js")
            return 77

        def design_of(a, b):
            total = lambda column: 2 * float(a[column]) + float(b[column])
            return {"name": a["design"], "array.rows": a["array.rows"], "clock_mhz": a["clock_mhz"],
                    "time": total("milliseconds"), "energy": 1e-6 * total("energy_pj_7nm_nominal"),
                    "area": float(a["area_mm2_7nm_nominal"]), "peak": 1e9 * float(a["peak_gmacs_per_s"]),
                    "bandwidth": float(a["gib_per_s"]) * 2**30}
        designs = [design_of(a, b) for a, b in zip(rows[::2], rows[1::2])]
        base = design_of(*base_rows)
        keeps = lambda d: d["area"] <= 0.09
        designs.sort(key=lambda d: (not keeps(d), d["time"] * d["energy"]))
        picked = [5, 17, -1, 30, 43]  # -1: the star of the base
        probed = page.replace("<head>", "<head>" + BEFORE, 1).replace("</body>", AFTER.replace("PICKED", str(picked)) + "</body>", 1)
        (folder / "probed.html").write_text(probed)
        run = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--window-size=1200,900",
             f"--user-data-dir={folder}/profile", "--virtual-time-budget=20000", "--dump-dom", f"file://{folder}/probed.html"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=True)
        console = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
        expect(not console, f"console: {console}")
        found = re.search(r'<pre id="probe-result">(.*?)</pre>', run.stdout, re.S)
        if found is None:
            print("the page's script did not reach its end\n" + "\n".join(console))
            return 1
        seen = json.loads(html.unescape(found.group(1)))

        def simulated_config(command):
            """The config in the result of a command that the page shows."""
            words = shlex.split(command)
            expect(words.pop(0) == "quatrain", f"command {command}")
            subprocess.run([program, *words, "--out", "again"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            result, = (folder / "again").glob("*.json")
            config = json.loads(result.read_text())["config"]
            shutil.rmtree(folder / "again")
            return config
        configs = {}
        for shown in [seen["first"], *seen["clicks"], seen["row"], seen["base_row"]]:
            if shown["name"] not in configs:
                configs[shown["name"]] = simulated_config(shown["commands"].splitlines()[0])

    expect(seen["errors"] == [], f"errors: {seen['errors']}")
    expect(len(seen["marks"]) == len(designs), f"{len(seen['marks'])} marks; expected {len(designs)}")
    expect(sorted(mark["index"] for mark in seen["marks"]) == list(range(len(designs))), "a mark stands twice")
    for mark in seen["marks"]:
        design = designs[mark["index"]]
        expect(near(mark["x"], design["time"]) and near(mark["y"], design["energy"]), f"mark of {design['name']}")
    for mark in seen["by_area"]:
        expect(near(mark["x"], designs[mark["index"]]["area"]), "a mark by area")
    expect(len(seen["by_area"]) == len(designs), "marks by area")
    beaten = lambda d: any(keeps(o) and o["time"] <= d["time"] and o["energy"] <= d["energy"] and
                           (o["time"] < d["time"] or o["energy"] < d["energy"]) for o in designs)
    front = {i for i, d in enumerate(designs) if keeps(d) and not beaten(d)}
    expect(set(seen["front"]) == front, f"front {seen['front']}; expected {sorted(front)}")
    expect(len(seen["base"]) == 1, "the base")
    expect(seen["bars"] == len(designs) + 1, f"{seen['bars']} bars; expected {len(designs)} and the base")
    for energy, design in zip(seen["sums"][1:], designs):
        expect(near(energy, design["energy"]), f"the bar of {design['name']} adds up to {energy}")
    expect(len(seen["looks"]) == len(ROWS), f"{len(seen['looks'])} looks of {len(ROWS)} values")
    expect(len({(color, mark) for _, color, mark in seen["looks"]}) == len(ROWS), "two values look alike")
    expect(len({color for _, color, _ in seen["looks"]}) == 20, "20 colours")

    def check_shown(shown, design, what, workload="lenet5"):
        expect(shown["name"] == design["name"], f"{what}: {shown['name']}; expected {design['name']}")
        keys = dict(shown["keys"])
        expect([keys.get(key) for key in ("array.rows", "clock_mhz")] == [design["array.rows"], design["clock_mhz"]],
               f"{what}: keys {keys}")
        expect(shows(keys["time, ms"], design["time"]) and shows(keys["energy, uJ"], design["energy"]) and
               shows(keys["area, mm2"], design["area"]), f"{what}: sums {keys}")
        for key in ("array.rows", "clock_mhz"):
            times = 0 if design is base else 2
            expect(shown["commands"].count(f"--set {key}={design[key]}") == times, f"{what}: commands {shown['commands']}")
        config = shown["config"]
        expect(config == configs.get(design["name"]), f"{what}: config {config}; expected {configs.get(design['name'])}")
        expect([str(config["array"]["rows"]), str(config["clock_mhz"])] == [design["array.rows"], design["clock_mhz"]],
               f"{what}: config {config}")
        mine = [row for row in layers if row["design"] == design["name"] and row["workload"] == workload]
        expect(len(shown["roofline"]) == len(mine) > 0, f"{what}: {len(shown['roofline'])} layers; expected {len(mine)}")
        for row in mine:
            macs, moved = float(row["macs"]), sum(float(row[f"bytes_{part}"]) for part in ("left", "right", "result", "accumulator"))
            taken = 1e-3 * max(float(row["milliseconds"]), float(row["longer_milliseconds"]))
            expect(any(mark["layer"] == row["layer"] and mark["phase"] == row["phase"] and
                       near(mark["x"], macs / (moved + float(row["bytes_quantizer"]))) and near(mark["y"], macs / taken)
                       for mark in shown["roofline"]), f"{what}: no mark for {row['layer']} {row['phase']}")
        compulsory = sum(float(row[f"compulsory_bytes_{part}"]) for row in mine for part in ("left", "right", "result"))
        expect(near(sum(dict(shown["bytes"])["compulsory"]), compulsory), f"{what}: compulsory bytes")
        expect(near(shown["roof"][1]["x"], design["peak"] / design["bandwidth"]) and shown["roof"][2]["y"] == design["peak"],
               f"{what}: roof {shown['roof']}")

    check_shown(seen["first"], designs[0], "at first")
    for click in seen["clicks"]:
        check_shown(click, base if click["index"] == -1 else designs[click["index"]], f"a click on mark {click['index']}")
    check_shown(seen["base_row"], base, "a click on the base's row")
    expect("base" in seen["base_row"]["chosen_rows"], f"rows chosen: {seen['base_row']['chosen_rows']}")
    check_shown(seen["row"], designs[2], "a click on a row")
    expect("3" in seen["row"]["chosen_rows"], f"rows chosen: {seen['row']['chosen_rows']}")
    check_shown(seen["other_workload"], designs[2], "another workload", "bert_base")
    for what in wrong:
        print(what)
    print(f"{len(designs)} designs, {len(seen['clicks']) + 2} clicks, {len(wrong)} things wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
