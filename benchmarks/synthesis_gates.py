"""Planted answers, bad and good, and what the gates of synthesis make of them.

    python benchmarks/synthesis_gates.py --out DIR [--count 1000] [--part 1 4] [--data DIR]

Good answers are real functions out of released packages (PACKAGES) and Python's library, each with the
imports and the module-level names that it uses, and with its own doctests as assertions where it has
some. One counts as good if it works in a plain interpreter and names nothing that is not there, both looked
at outside of Neve. Bad ones are made of good ones by a rule a kind: a copy of the seed, a near duplicate of
what was accepted, a benchmark's solution, an answer that was cut off, one in another language, one with a
test whose expected value is wrong, one whose tests assert nothing, and one that never ends. Told are the
share of good ones accepted and of bad ones refused, by kind and by rule.

The trade-off: nothing is asked of a model, so this says how gates judge, not how models err. What is too
small for the gates by rule is not drawn. A part of several is every so manieth good answer and what is made
of those; what is told is of all parts whose results lie in DIR.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from real_functions import Function, good

from neve import sandbox
from neve.corpus.contamination.benchmark_index import Index
from neve.corpus.duplicates import shingles
from neve.llm.answers import Answer
from neve.recipe.synthesis import Gates, Synthesis
from neve.recipe.tokenizer import Tokenizer
from neve.store import write_json
from neve.synthesis import generate, kinds
from neve.synthesis.candidates import Measures
from neve.synthesis.gates import Accepted, Limits, common_lines
from neve.synthesis.lookalikes import Lookalikes
from neve.synthesis.seeds import Seed
from neve.tasks import benchmarks
from neve.tokens import bpe

NEAR = 0.8
"""Similarity of a planted near duplicate, at least, where one line more leaves it that."""
SECONDS = 3.0
"""For a planted program, in the sandbox."""


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
    line = f"\nLIMIT = {draw.randrange(9)}\n"
    near, kept = text + line + function.tests, function.text + line + function.tests
    before = function.text + function.tests
    return near if shingles.similarity(*shingles.of([before, near], 5)) >= NEAR else kept


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
    options.add_argument(
        "--part", type=int, nargs=2, default=(1, 1), metavar=("K", "N"), help="of all, the Kth of N"
    )
    options.add_argument("--data", type=Path, help="folder of benchmark files as published")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    draw = random.Random(given.seed)
    part, parts = given.part
    pool = drawn(given, draw)[part - 1 :: parts]
    draw.seed(f"{given.seed} {part}")
    work = _work(pool, given)
    accepted, nothing = (Accepted(Lookalikes(work.settings.near)) for _ in range(2))
    counts: dict[str, Counter[str]] = {}
    misses = []
    rows = [("good", f, f.text + f.tests, "stop") for f in pool]
    bad = list(planted(pool, -(-given.count // 8 // parts), given.data, draw))
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
                found = work.refusal(candidate, against)
                rule = found[0].rule if found else "accepted"
                counts.setdefault(kind, Counter())[rule] += 1
                if (rule == "accepted") != (kind == "good"):
                    why = vars(found[1]) if found else None
                    misses.append({"kind": kind, "rule": rule, "why": why, "text": candidate.code[:3000]})
                if found is None and kind == "good":
                    accepted.add(candidate)
        print(f"{start + len(some):,} of {len(rows) + len(bad):,} judged", file=sys.stderr, flush=True)
    write_json(given.out / f"misses-{part}.json", misses)
    write_json(given.out / f"gates-{part}.json", {kind: dict(found) for kind, found in counts.items()})
    print(json.dumps(told(given.out), indent=1))


def drawn(given: argparse.Namespace, draw: random.Random) -> list[Function]:
    """The good answers, kept in DIR, since finding out that they work takes a minute."""
    kept = given.out / f"good-{given.count}-{given.seed}.json"
    if not kept.exists():
        found = [vars(f) for f in good(given.count, draw)]
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(found))
        part.rename(kept)
    rows = json.loads(kept.read_text())
    return [Function(f["name"], f["text"], tuple(map(tuple, f["calls"]))) for f in rows]


def told(folder: Path) -> dict[str, Any]:
    """Of all parts together."""
    counts: dict[str, Counter[str]] = {}
    for path in sorted(folder.glob("gates-*.json")):
        for kind, found in json.loads(path.read_text()).items():
            counts.setdefault(kind, Counter()).update(found)
    bad = [found for kind, found in counts.items() if kind != "good"]
    return {
        "good": counts["good"].total(), "good_accepted": counts["good"]["accepted"],
        "bad": sum(found.total() for found in bad),
        "bad_refused": sum(found.total() - found["accepted"] for found in bad),
        "by_kind": {kind: dict(found) for kind, found in counts.items()},
    }  # fmt: skip


def _tag(kind: str, i: int) -> str:
    """What the fence says; of answers in another language every second one says nothing."""
    return "python" if kind != "other language" else ("cpp", "")[i % 2]


def _seed(kind: str, function: Function, pool: list[Function]) -> Seed:
    """For a copy the function itself, else one that has nothing to do with the answer."""
    of = function if kind == "copy of the seed" else _other(function, pool)
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


def _other(function: Function, pool: list[Function]) -> Function:
    """One far away in the pool that shares no run of lines with a function."""
    first, limit = pool.index(function) + len(pool) // 2, Gates().seed_lines
    others = (pool[(first + i) % len(pool)] for i in range(len(pool)))
    return next(other for other in others if common_lines(function.text, other.text) < limit)


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
    return generate.Work(settings, {"problem-file": kind}, measures, [], {}, Limits(spec.gates))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
