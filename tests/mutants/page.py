"""The page docs/results/mutants.md."""
from collections import Counter

head = """# Mutants

A mutant is the program with one small mistake, put there on purpose: the wrong member in a total, two operands exchanged, a
bound that is off by one. Each is tried alone. If every test passes, the mutant *survives*, and the tests have a gap there. A mutant
is *equivalent* if no test can see it, because the program still does the same.

The mistakes stand in the `.toml` files of `tests/mutants/`. `tests/mutants/run.py run FOLDER` applies each to a copy of the tree,
builds it and runs the tests that are named beside the mistake. If these pass, it runs all others. What came out, and on which day, stands in
`tests/mutants/results.jsonl`; `tests/mutants/run.py page` writes this page from it. A result is of the tree of its day ({days}), and
holds as long as the edit is the same. The copies are built with {compiler}, without CUDA.

*Not tried* says that no result of the edit as it stands is on record: the mutant is new, or its file was rewritten since. Most of them were tried by
hand when they were made; nothing of that is counted here.
"""


def folder_of(mutant):
    return mutant.file.split("/")[0]


def verdict(mutant, result):
    if result is None or result["edit"] != mutant.edit():
        return "not tried"
    if result["by"]:
        return "caught"
    if mutant.equivalent:
        return "equivalent"
    return "survived" if result["ran"] == "the whole suite" else "not tried"


def evidence(mutant, result):
    kind = verdict(mutant, result)
    if kind == "caught":
        test = result["test"].split('/"')[0].replace("|", "\\|")  # without a parameter that is a text
        return f"does not compile: `{test}`" if result["by"] == "the build" else f"`{test}`"
    return f"equivalent: {mutant.equivalent}" if kind == "equivalent" else f"**{kind}**"


def page(mutants, results, compiler):
    days = sorted({r["day"] for m in mutants if (r := results.get(m.name)) and verdict(m, r) != "not tried"})
    text = [head.format(compiler=compiler, days=" to ".join(dict.fromkeys([days[0], days[-1]])) if days else "none yet")]
    kinds = ["caught", "equivalent", "survived", "not tried"]
    folders = sorted({folder_of(m) for m in mutants})
    count = Counter((folder_of(m), verdict(m, results.get(m.name))) for m in mutants)
    kinds = [k for k in kinds if k in ("caught", "equivalent", "survived") or any(count[f, k] for f in folders)]
    text.append("| folder | mutants | " + " | ".join(kinds) + " |\n|---|" + "---|" * (len(kinds) + 1))
    for folder in folders + ["all"]:
        here = [folder] if folder != "all" else folders
        numbers = [sum(count[f, kind] for f in here) for kind in kinds]
        text.append(f"| {folder} | {sum(numbers)} | " + " | ".join(map(str, numbers)) + " |")
    for folder in folders:
        text.append(f"\n## {folder}/\n\n| file | mistake | caught by |\n|---|---|---|")
        for m in mutants:
            if folder_of(m) == folder:
                text.append(f"| `{m.file[len(folder) + 1:]}` | {m.what} | {evidence(m, results.get(m.name))} |")
    return "\n".join(text) + "\n"
