"""Planted answers, bad and good, and what the gates of synthesis make of them.

    python benchmarks/synthesis_gates.py --out DIR [--count 1000] [--data DIR]

Good answers are real functions out of released packages (PACKAGES) and Python's library, each with the
imports and the module-level names that it uses, and with its own doctests as assertions where it has
some. One counts as good if it works in a plain interpreter, outside of Neve. Bad ones are made of good
ones by a rule a kind: a copy of the seed, a near duplicate of what was accepted, a benchmark's solution,
an answer that was cut off, one in another language, one with a test whose expected value is wrong, one
whose tests assert nothing, and one that never ends. Told are the share of good ones accepted and of bad
ones refused, by kind and by rule.

The trade-off: nothing is asked of a model, so this says how gates judge, not how models err. What is too
small for the gates by rule (under 8 lines) is not drawn.
"""

from __future__ import annotations

import argparse
import ast
import doctest
import json
import random
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from neve import packages, sandbox
from neve.corpus.contamination.benchmark_index import Index
from neve.corpus.duplicates import shingles
from neve.llm.answers import Answer
from neve.recipe.synthesis import Gates, Synthesis
from neve.recipe.tokenizer import Tokenizer
from neve.store import write_json
from neve.synthesis import generate, kinds
from neve.synthesis.candidates import Measures
from neve.synthesis.gates import Accepted, first_refusal
from neve.synthesis.seeds import Seed
from neve.tasks import benchmarks
from neve.tokens import bpe

PACKAGES = ("boltons", "more-itertools", "toolz", "funcy", "pydash", "textdistance", "algorithms")
MODULES = (
    "base64", "bisect", "calendar", "colorsys", "configparser", "copy", "csv", "datetime", "difflib", "fractions",
    "ftplib", "functools", "gettext", "glob", "gzip", "heapq", "imaplib", "inspect", "ipaddress", "locale",
    "mailbox", "mimetypes", "netrc", "nntplib", "ntpath", "numbers", "optparse", "os", "pickle", "pickletools",
    "plistlib", "poplib", "posixpath", "pprint", "quopri", "random", "shlex", "shutil", "smtplib", "sndhdr",
    "statistics", "string", "tarfile", "tempfile", "textwrap", "tokenize", "traceback", "types", "typing", "uu",
    "uuid", "warnings", "wave", "weakref", "zipfile",
)  # fmt: skip
FOLDERS = ("asyncio", "collections", "concurrent", "email", "html", "http", "importlib", "json", "logging", "urllib",
           "wsgiref", "xml", "xmlrpc", "lib2to3", "unittest", "test")  # fmt: skip
LINES, ALIKE = 8, 0.5
SECONDS = 3.0
"""For a planted program, in the sandbox."""


@dataclass(frozen=True)
class Function:
    """A function of released code that works alone."""

    name: str
    text: str
    calls: tuple[tuple[str, str], ...]
    """(expression, expected value) of its doctests, as literals."""

    @property
    def tests(self) -> str:
        lines = "".join(f"    assert {call} == {value}\n" for call, value in self.calls)
        return f"\n\ndef test_{self.name.strip('_')}():\n{lines}" if self.calls else ""


# --- good answers: real code


def sources() -> Iterator[str]:
    """Texts of modules, in one order."""
    recipe = tomllib.loads((Path(__file__).parents[1] / "recipes" / "quickstart.toml").read_text())
    for positive in recipe["labels"]["exemplars"]["positives"]:
        if positive["name"] not in PACKAGES:
            continue
        path = packages.fetch(positive["name"], positive["version"], positive["file"], positive["sha256"])
        with tarfile.open(path) as archive:
            for member in sorted(archive.getmembers(), key=lambda m: m.name):
                if (
                    member.name.endswith(".py")
                    and "/test" not in member.name
                    and (file := archive.extractfile(member))
                ):
                    yield file.read().decode("utf-8", "replace")
    stdlib = Path(sysconfig.get_path("stdlib"))
    files = [stdlib / f"{name}.py" for name in MODULES]
    files += [path for name in FOLDERS for path in sorted((stdlib / name).rglob("*.py"))]
    for path in files:
        if path.is_file():
            yield path.read_text("utf-8", "replace")


def functions(text: str) -> Iterator[Function]:
    """The functions of a module's top level, each with what it needs of the module."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if any(isinstance(node, ast.ImportFrom) and node.level for node in imports):
        imports = [node for node in imports if not (isinstance(node, ast.ImportFrom) and node.level)]
    held = {name: node for node in tree.body for name in _defines(node)}
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef)
            and node.end_lineno
            and node.end_lineno - node.lineno + 1 >= LINES
        ):
            needed, todo = {node.name}, [node.name]
            while todo:
                used = {n.id for n in ast.walk(held[todo.pop()]) if isinstance(n, ast.Name)}
                new = {name for name in used if name in held and name not in needed}
                needed |= new
                todo += new
            if len(needed) > 8:
                continue
            chosen = [each for each in tree.body if each in [held[name] for name in needed]]
            used = {n.id for each in chosen for n in ast.walk(each) if isinstance(n, ast.Name)}
            kept = [one for each in imports if (one := _used(each, used)) is not None]
            body = "\n\n\n".join(ast.get_source_segment(text, each) or "" for each in chosen)
            head = "\n".join(ast.unparse(each) for each in kept)
            yield Function(node.name, f"{head}\n\n\n{body}\n" if head else f"{body}\n", _calls(node))


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def _used(node: ast.stmt, used: set[str]) -> ast.stmt | None:
    """An import without the names that are not used."""
    assert isinstance(node, ast.Import | ast.ImportFrom)
    names = [a for a in node.names if (a.asname or a.name.partition(".")[0]) in used]
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return None
    if not names:
        return None
    return ast.Import(names) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, names, 0)


def _calls(node: ast.FunctionDef) -> tuple[tuple[str, str], ...]:
    """Doctests of a function that compare one call with a literal."""
    found = []
    try:
        examples = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
    except ValueError:
        return ()
    for example in examples:
        call, value = example.source.strip(), example.want.strip()
        try:
            ast.literal_eval(value)
            tree = ast.parse(call, mode="eval")
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
            continue
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        if (
            node.name in names
            and "\n" not in call + value
            and names <= {node.name, "list", "sorted", "range", "str", "len", "tuple"}
        ):
            found.append((call, value))
    return tuple(found[:4])


def works(function: Function) -> bool:
    """Whether the file and its tests run in a plain interpreter."""
    program = (
        function.text
        + function.tests
        + (f"\n\ntest_{function.name.strip('_')}()\n" if function.calls else "")
    )
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program],
            capture_output=True,
            timeout=20,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def good(count: int, draw: random.Random) -> list[Function]:
    """`count` functions that work and are no near duplicates of each other; those with tests first in
    line."""
    found = {f.text: f for text in sources() for f in functions(text) if len(f.text) >= 200}
    everyone = sorted(found.values(), key=lambda f: (f.name, f.text))
    draw.shuffle(everyone)
    everyone.sort(key=lambda f: not f.calls)
    kept: list[Function] = []
    sets: list = []
    with ThreadPoolExecutor(2) as threads:
        for start in range(0, len(everyone), 64):
            some = everyone[start : start + 64]
            for function, fine in zip(some, threads.map(works, some), strict=True):
                mine = shingles.of([function.text], 5)[0]
                if fine and all(shingles.similarity(mine, other) < ALIKE for other in sets):
                    kept.append(function)
                    sets.append(mine)
            if len(kept) >= count:
                break
    return kept[:count]


# --- bad answers


def planted(
    pool: list[Function], count: int, data: Path | None, draw: random.Random
) -> Iterator[tuple[str, Function, str, str]]:
    """(kind, the good function that it is made of, text, finish word)."""
    tested = [f for f in pool if f.calls]
    tasks = [t for name in ("humaneval", "mbpp") for t in benchmarks.load(name, data).tasks]
    headers = other_languages()
    for i in range(count):
        one, two = pool[i % len(pool)], tested[i % len(tested)]
        yield "copy of the seed", one, one.text + one.tests, "stop"
        yield "near duplicate", one, edited(one, draw), "stop"
        task = tasks[(i * 7) % len(tasks)]
        yield (
            "benchmark",
            one,
            f"{task.prompt}{task.solution}\n" if "def " in task.prompt else task.solution,
            "stop",
        )
        text = one.text + one.tests
        yield "cut off", one, text[: draw.randrange(len(text) // 3, len(text))], "length"
        yield "other language", one, headers[i % len(headers)], "stop"
        yield "failing test", two, two.text + wrong(two, draw).tests, "stop"
        yield "asserts nothing", two, two.text + idle(two, draw), "stop"
        loop = draw.choice(
            ["while True:\n    pass\n", "import itertools\nfor n in itertools.count():\n    n += 1\n"]
        )
        yield (
            "endless loop",
            one,
            f"{one.text}\n\nif __name__ == '__main__':\n    " + loop.replace("\n", "\n    ").rstrip() + "\n",
            "stop",
        )


def edited(function: Function, draw: random.Random) -> str:
    """A function with one name changed throughout, a comment and a constant more."""
    names = [
        n
        for n in set(re.findall(r"\b[a-z_]{3,}\b", function.text))
        if len(re.findall(rf"\b{n}\b", function.text)) == 2
    ]
    text = function.text
    if names:
        name = draw.choice(sorted(names))
        text = (
            re.sub(rf"\b{name}\b", f"{name}_", text)
            if "import" not in text.partition(name)[0].rpartition("\n")[2]
            else text
        )
    return text + f"\nLIMIT = {draw.randrange(9)}\n" + function.tests


def wrong(function: Function, draw: random.Random) -> Function:
    """A function with one expected value changed."""
    place = draw.randrange(len(function.calls))
    call, value = function.calls[place]
    literal = ast.literal_eval(value)
    changed = (
        not literal
        if isinstance(literal, bool)
        else literal + 1
        if isinstance(literal, int | float)
        else [literal, None]
    )
    calls = [*function.calls]
    calls[place] = (call, repr(changed))
    return replace(function, calls=tuple(calls))


def idle(function: Function, draw: random.Random) -> str:
    call = function.calls[0][0]
    body = draw.choice(
        [
            f"    {call}\n",
            f"    {call}\n    assert True\n",
            f"    found = {call}\n    assert found == found\n",
        ]
    )
    return f"\n\ndef test_{function.name.strip('_')}():\n{body}"


def other_languages() -> list[str]:
    """Texts of C++, C and JavaScript that lie beside installed packages, cut to a page."""
    import numpy
    import torch

    found = []
    for folder, endings in (
        (Path(torch.__file__).parent / "include" / "ATen", (".h", ".cpp")),
        (Path(numpy.__file__).parent, (".h", ".c")),
    ):
        for ending in endings:
            for path in sorted(folder.rglob(f"*{ending}"))[:150]:
                lines = path.read_text("utf-8", "replace").splitlines()
                if len(lines) > 30:
                    found.append("\n".join(lines[:60]) + "\n")
    return found


# --- judging


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--count", type=int, default=1000, help="answers, good and bad each")
    options.add_argument("--data", type=Path, help="folder of benchmark files as published")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    draw = random.Random(given.seed)
    pool = good(given.count, draw)
    work = _work(pool, given)
    accepted, nothing = (Accepted(limits=work.settings.synthesis.gates) for _ in range(2))
    counts: dict[str, Counter[str]] = {}
    misses = []
    rows = [("good", f, f.text + f.tests, "stop") for f in pool]
    bad = list(planted(pool, -(-given.count // 8), given.data, draw))[: given.count]
    for start in range(0, len(rows) + len(bad), 32):
        some = [*rows, *bad][start : start + 32]
        answers = [
            (_seed(kind, f, pool), Answer(f"```{_tag(kind, i)}\n{text}\n```", end))
            for i, (kind, f, text, end) in enumerate(some)
        ]
        held = [accepted if kind in ("good", "near duplicate") else nothing for kind, *_ in some]
        for against in (accepted, nothing):
            mine = [i for i, each in enumerate(held) if each is against]
            made = generate.assess(work, [answers[i] for i in mine], against, sandbox.probe())
            for i, candidate in zip(mine, made, strict=True):
                kind = some[i][0]
                found = first_refusal(work.kinds["problem-file"].GATES, candidate, against)
                rule = found[0].rule if found else "accepted"
                counts.setdefault(kind, Counter())[rule] += 1
                if (rule == "accepted") != (kind == "good"):
                    why = vars(found[1]) if found else None
                    misses.append({"kind": kind, "rule": rule, "why": why, "text": candidate.code[:3000]})
                if found is None and kind == "good":
                    accepted.add(candidate)
        print(f"{start + len(some):,} of {len(rows) + len(bad):,} judged", file=sys.stderr, flush=True)
    kept = counts["good"]["accepted"]
    refused = sum(
        n for kind, c in counts.items() if kind != "good" for rule, n in c.items() if rule != "accepted"
    )
    told = {
        "good": len(rows), "good_with_tests": sum(bool(f.calls) for f in pool), "good_accepted": kept,
        "bad": len(bad), "bad_refused": refused, "by_kind": {kind: dict(c) for kind, c in counts.items()},
    }  # fmt: skip
    write_json(given.out / "gates.json", told)
    write_json(given.out / "misses.json", misses)
    print(json.dumps(told, indent=1))


def _tag(kind: str, i: int) -> str:
    """What the fence says; of answers in another language every second one says nothing."""
    return "python" if kind != "other language" else ("cpp", "")[i % 2]


def _seed(kind: str, function: Function, pool: list[Function]) -> Seed:
    """For a copy the function itself, else one that has nothing to do with the answer."""
    of = function if kind == "copy of the seed" else pool[(pool.index(function) + len(pool) // 2) % len(pool)]
    shown = "\n".join(of.text.splitlines()[2:12])
    return Seed(
        "0" * 32,
        "r",
        "a.py",
        "Python",
        of.text,
        shown,
        prompt=kinds.KINDS["problem-file"].prompt(Seed("", "", "", "Python", of.text, shown), 9999) or "",
    )


def _work(pool: list[Function], given: argparse.Namespace) -> generate.Work:
    """What the stage would work with, its tokenizer learnt from the good answers."""
    from neve.recipe.corpus import Decontaminate, Near
    from neve.synthesis.settings import Settings

    folder = given.out / "tokenizer"
    if not (folder / "tokenizer.json").exists():
        bpe.train(iter([[f.text for f in pool]]), Tokenizer().vocab_size // 64).save(
            str(_made(folder) / "tokenizer.json")
        )
    spec = Synthesis(tokens=1, seeds=1, gates=Gates(seconds=SECONDS))
    kind = kinds.KINDS["problem-file"]
    measures = Measures(
        kind.read,
        lambda seed: seed.target,
        Index.load(Decontaminate().benchmarks, given.data),
        bpe.load(folder),
        {},
    )
    settings = Settings(spec, {}, Near(), Decontaminate(), None, 1, sandbox.probe().tier, "")
    return generate.Work(settings, {"problem-file": kind}, measures, [], {})


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
