#!/usr/bin/env python3
"""Small wrong edits of the product, one at a time, and which test sees each.

  run.py check                         every edit fits its file exactly once, and every test program exists
  run.py run FOLDER [NAME ...]         tries the edits (all, or those named) that have no result yet; all need hours
  run.py again FOLDER NAME ...         tries them once more, after tests or edits were changed
  run.py page                          writes docs/results/mutants.md from the results

mutants/results.jsonl holds one line for each edit that was tried, with the day. A run that was stopped goes on behind the
last line. FOLDER holds copies of the tree. QUATRAIN_MUTANT_WORKERS: how many copies work at once (default 2). As root, each copy stands in place
of the tree while it is built and tested (a mount of its own), so that a compiler cache serves all of them.
An edit stands in a `[[mutant]]` of mutants/*.toml:

  name         unique
  file         path in the tree
  text         what is replaced; it stands exactly once in the file
  replacement  what stands there instead
  what         the mistake, in words
  tests        which test programs could see it; they run first. `program.Suite` or `program.Suite.Test` names a part
  equivalent   only where no test can see it: why the program still does the same
"""
import collections, datetime, hashlib, json, os, re, shutil, subprocess, sys, threading, time, tomllib
from pathlib import Path

here = Path(__file__).resolve().parent
tree = here.parent.parent
seconds_of_a_test, seconds_of_a_step = 300, 1800
sys.dont_write_bytecode = True
build, named, whole = "the build", "the tests named for it", "the whole suite"  # what caught a mutant


class Mutant:
    def __init__(self, entry, source):
        missing = {"name", "file", "text", "replacement", "what", "tests"} - entry.keys()
        if missing:
            sys.exit(f"{source}: {entry.get('name', 'an entry')} lacks {', '.join(sorted(missing))}")
        self.name, self.file, self.what, self.tests = (entry[k] for k in ("name", "file", "what", "tests"))
        self.text, self.replacement = entry["text"].strip("\n"), entry["replacement"].strip("\n")
        self.equivalent = entry.get("equivalent", "")

    def edited(self, root):
        """The file's text with the edit. A text that stands there never or twice is an error of the list."""
        path = root / self.file
        content = path.read_text() if path.is_file() else ""
        count = content.count(self.text)
        if count != 1:
            raise ValueError(f"{self.name}: {self.file} has its text {count} times; expected once")
        return content.replace(self.text, self.replacement)

    def edit(self):
        """What a result belongs to: another text or another file is another edit."""
        return hashlib.sha256("\0".join([self.file, self.text, self.replacement]).encode()).hexdigest()[:16]


def read_mutants():
    mutants = []
    for source in sorted(here.glob("*.toml")):
        mutants += [Mutant(entry, source.name) for entry in tomllib.loads(source.read_text())["mutant"]]
    names = [m.name for m in mutants]
    for name in names:
        if names.count(name) > 1:
            sys.exit(f"two mutants are named {name}")
    return mutants


def test_programs():
    text = "".join(path.read_text() for path in (tree / "tests").rglob("CMakeLists.txt"))
    return set(re.findall(r"quatrain_(?:cli_)?test\(\s*(\w+)", text)) | {"house"}


def faults_of(mutants):
    """What is wrong with each mutant of the list that cannot be tried, by name."""
    faults, programs = {}, test_programs()
    for mutant in mutants:
        try:
            mutant.edited(tree)
        except ValueError as error:
            faults[mutant.name] = str(error)
        for test in mutant.tests:
            if test.split(".")[0] not in programs:
                faults[mutant.name] = f"{mutant.name}: no test program {test}"
    return faults


def said(command, folder, limit):
    """Exit code (None: it ran past the limit) and what it said."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", start_new_session=True) as process:
        try:
            text, _ = process.communicate(timeout=limit)
            return process.returncode, text
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return None, process.communicate()[0]


class Copy:
    """A copy of the tree with a build of its own."""

    def __init__(self, folder):
        self.root = folder / "tree"
        self.at, self.prefix = self.root, []
        if os.geteuid() == 0 and shutil.which("unshare"):
            self.at = tree
            self.prefix = ["unshare", "--mount", "bash", "-c", 'mount --bind "$0" "$1" && cd "$1" && exec "${@:2}"',
                           str(self.root), str(self.at)]

    def said(self, *command):
        return said([*self.prefix, *command], self.root, seconds_of_a_step)

    def make(self):
        self.take_over_tree()
        if not (self.root / "build/release/build.ninja").is_file():
            code, text = self.said("cmake", "--preset", "release", "-DQUATRAIN_CUDA=OFF")
            if code != 0:
                raise RuntimeError(text)

    def take_over_tree(self):
        """Changed files only, so that little is built again. What a mutant needs is built when its turn comes."""
        files = said(["git", "ls-files", "-co", "--exclude-standard"], tree, 60)[1].split()
        files = {f for f in files if (tree / f).is_file()}
        for name in files:
            source, target = tree / name, self.root / name
            if not target.is_file() or source.read_bytes() != target.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
                target.touch()
        for path in list(self.root.rglob("*")):
            name = path.relative_to(self.root)
            if path.is_file() and name.parts[0] != "build" and str(name) not in files:
                path.unlink()

    def ninja(self, *arguments):
        return self.said("ninja", "-C", f"{self.at}/build/release", "-j1", *arguments)

    def failing(self, *select):
        """Tests that fail; one that was not built does not count."""
        code, text = self.said("ctest", "--test-dir", f"{self.at}/build/release", "--timeout", str(seconds_of_a_test), *select)
        if "No tests were found" in text:
            raise RuntimeError(f"no test is named {select}")
        if code is None:
            return [f"ctest, which did not end in {seconds_of_a_step} s"]
        # "  7 - program.Suite.Test (Failed)"; a name may have spaces and parentheses, and labels may follow.
        failed = re.findall(r"^\s*\d+ - (.+) \((?!Not Run|Skipped|Disabled)[^()]*\)[^()]*$", text, re.M)
        if not failed and code != 0 and "(Not Run)" not in text:
            raise RuntimeError(f"ctest said {code} and named no test:\n{text[-2000:]}")
        return [name.split("  #")[0] for name in failed]  # without GetParam(): it may hold an address

    def failing_without_edit(self, tests):
        """Those of `tests` that say nothing about a mutant."""
        programs = {test.split(".")[0] for test in tests} & (test_programs() - {"house"})
        self.ninja("-k", "0", *sorted(programs))
        return set(self.failing("-R", "^(" + "|".join(map(re.escape, sorted(tests))) + ")")) if programs else set()

    def with_edit(self, mutant, judge):
        path = self.root / mutant.file
        before, edited = path.read_text(), mutant.edited(self.root)
        path.write_text(edited)
        try:
            return judge(self, mutant)
        finally:
            path.write_text(before)

    def by_named_tests(self, mutant):
        for name in mutant.tests:  # the likeliest and quickest stand first
            program = name.split(".")[0]
            code, text = self.ninja(program) if program != "house" else (0, "")
            if code != 0:
                lines = [line for line in text.splitlines() if "error" in line or "FAILED" in line] + ["ninja did not end"]
                return {"by": build, "test": lines[0].replace(f"{self.at}/", "")}
            if tests := self.failing("--stop-on-failure", "-R", "^" + re.escape(name) + (r"\." if name.count(".") < 2 else "")):
                return {"by": named, "test": tests[0]}
        return {"by": "", "test": "", "ran": named}

    def by_whole_suite(self, mutant):
        # A part that cannot be built any more (a patch that no longer fits) is no test that fails: -k 0, and go on.
        self.ninja("-k", "0")
        tests = self.failing("--stop-on-failure")
        return {"by": whole, "test": tests[0]} if tests else {"by": "", "test": "", "ran": whole}


class Results:
    def __init__(self):
        self.path, self.lock = here / "results.jsonl", threading.Lock()

    def read(self):
        """The last result of each name."""
        lines = self.path.read_text().splitlines() if self.path.is_file() else []
        return {result["name"]: result for result in map(json.loads, lines)}

    def add(self, mutant, result, seconds):
        line = json.dumps({"name": mutant.name, "edit": mutant.edit(), "day": str(datetime.date.today()), **result})
        with self.lock, self.path.open("a") as file:
            file.write(line + "\n")
            verdict = f"caught by {result['by']} ({result['test']})" if result["by"] else f"SURVIVED {result['ran']}"
            print(f"{mutant.name}: {verdict}, {seconds:.0f} s", flush=True)


def run(mutants, folder, again):
    """First the tests that are named, for all; then the whole suite, for those that survived."""
    folder.mkdir(parents=True, exist_ok=True)
    results = Results()
    copies = [Copy(folder / f"copy-{n}") for n in range(int(os.environ.get("QUATRAIN_MUTANT_WORKERS", "2")))]
    for copy in copies:
        copy.make()

    def tried(mutant, ran):
        """It has a result; `ran`: one of the whole suite, if it survived."""
        found = results.read().get(mutant.name)
        if not found or found["edit"] != mutant.edit():
            return False
        return bool(found["by"]) or found["ran"] in ((named, whole) if ran == named else (whole,))

    for judge, ran in ((Copy.by_named_tests, named), (Copy.by_whole_suite, whole)):
        waiting = collections.deque(m for m in mutants if (again and ran == named) or not tried(m, ran))
        print(f"{len(waiting)} to try with {ran}", flush=True)

        def work(copy):
            # From both ends of the list: what one copy has compiled, the cache then has for the other.
            take = waiting.popleft if copies.index(copy) % 2 == 0 else waiting.pop
            while waiting:
                try:
                    mutant = take()
                except IndexError:
                    return
                begin = time.monotonic()
                results.add(mutant, copy.with_edit(mutant, judge), time.monotonic() - begin)

        threads = [threading.Thread(target=work, args=(copy,)) for copy in copies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = {m: results.read()[m.name] for m in mutants if tried(m, named)}
        bad = copies[0].failing_without_edit({r["test"] for r in found.values() if r["by"] in (named, whole)})
        for mutant, result in found.items():
            if result["test"] in bad:
                print(f"{result['test']} fails without an edit too", flush=True)
                results.add(mutant, {"by": "", "test": "", "ran": "nothing"}, 0)


def main():
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in ("check", "run", "again", "page"):
        sys.exit(__doc__)
    mutants = read_mutants()
    faults = faults_of(mutants)
    for fault in faults.values():
        print(fault, file=sys.stderr)
    if arguments[0] == "check":
        print(f"{len(mutants)} mutants, {len(mutants) - len(faults)} of them fit")
        sys.exit(1 if faults else 0)
    if arguments[0] == "page":
        from page import page
        compiler = said(["c++", "--version"], tree, 60)[1].splitlines()[0].replace("c++", "g++")
        (tree / "docs/results/mutants.md").write_text(page(mutants, Results().read(), compiler))
    elif len(arguments) == 1:
        sys.exit(__doc__)
    else:
        folder, names = Path(arguments[1]).resolve(), arguments[2:]
        if unknown := set(names) - {m.name for m in mutants}:
            sys.exit(f"no mutant is named {', '.join(sorted(unknown))}")
        chosen = [m for m in mutants if (not names or m.name in names) and m.name not in faults]
        run(chosen, folder, arguments[0] == "again")


if __name__ == "__main__":
    main()
