"""The last gate's measurement: new documents are run, or compiled, in the sandbox.

Python is imported, run as a program if it is one, and its own tests are run; how strong those are is
measured too: assertions, branches that they reach, mutants that they notice (`inside/run_document.py`).
What comments state is compared with what came out, and mended (`stated`); where one is wrong the program is
run once more, by a fresh interpreter with another order of hashes, since only what two runs give is written.
JavaScript is run with node; C, C++, Go, Rust and Java are compiled (`toolchains`), and built and run where
their comments state results (`remarks`). What a translation prints is held against what its seed prints
(`outputs`). What could not be checked says so and why, and passes: a program that needs a package which is
not here is not wrong. The trade-off: wall-clock limits, so a starved machine refuses a slow program that a
calm one accepts.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from neve import sandbox
from neve.recipe.synthesis import Gates
from neve.synthesis import expected, outputs, remarks, scripts, stated, toolchains

PARTS = (
    "inside/members.py", "inside/recording.py", "inside/strength.py", "inside/hollow.py", "inside/run_document.py",
)  # fmt: skip
PROCESSES = 16
MEMORY_BYTES = 1 << 30


@dataclass(frozen=True)
class Check:
    """What running a document showed."""

    how: str
    """run, tested, compiled, or "not checked: why"."""
    error: str = ""
    """Why it does not run, or compile."""
    missing: str = ""
    """The package, crate or header that it needs and that is not here, where it was not checked for that."""
    tests: int = 0
    passed: int = 0
    failure: str = ""
    """Of the first test that failed."""
    asserting: int = 0
    """Tests that assert something about a value."""
    assertions: int = 0
    branches: tuple[int, int] = (0, 0)
    """(reached, all) of the code under test."""
    mutants: tuple[int, int] = (0, 0)
    """(noticed, made)."""
    comments: stated.Verdict | None = None
    """The program with comments that state what it gives, where running it was looked at."""
    unlike: str = ""
    """What it prints otherwise than its seed, where it is to do the same."""


@dataclass(frozen=True)
class Program:
    """What is to be run."""

    language: str
    text: str
    beside: Mapping[str, str]
    """Modules that it may import: name -> text."""
    seed: tuple[str, str] | None = None
    """(language, text) of what it has to print the same as."""


def check(programs: Sequence[Program], gates: Gates, place: sandbox.Sandbox) -> list[Check]:
    """What became of each, in their order; as many run at a time as there are cores."""
    if place.tier == "none":
        return [Check(f"not checked: {place.detail}") for _ in programs]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as threads:
        return list(threads.map(partial(_check, gates=gates, place=place), programs))


def _check(document: Program, gates: Gates, place: sandbox.Sandbox) -> Check:
    found = (python if document.language == "Python" else _other)(document, gates, place)
    if document.seed is None or found.error or found.how.startswith("not checked"):
        return found
    unlike = outputs.unlike(document.language, document.text, document.seed, gates.seconds, place)
    return replace(found, unlike=unlike)


def _other(document: Program, gates: Gates, place: sandbox.Sandbox) -> Check:
    """Run or compile a document that is not Python, and mend what its comments state."""
    language, text = document.language, document.text
    found = Check(*toolchains.check(language, text, gates.seconds, place))
    if found.error or found.how.startswith("not checked"):
        return found
    if language == "JavaScript":
        tests, asserting = scripts.tests(text)
        found = replace(found, error=scripts.unreached(text), tests=tests, passed=tests, asserting=asserting)
    told = remarks.claims(language, text)
    marked = remarks.watched(language, text, told) if told else ""
    first = toolchains.printed(language, marked, gates.seconds, place) if told else None
    if first is None or not stated.wrong(told, seen := remarks.seen(told, first)):
        return found
    second = toolchains.printed(language, marked, gates.seconds, place) or ""
    return replace(found, comments=remarks.mend(text, told, seen, remarks.seen(told, second)))


@cache
def program() -> str:
    """What runs in the sandbox: the files of PARTS, one after the other."""
    texts = [(Path(__file__).parent / name).read_text(encoding="utf-8") for name in PARTS]
    return re.sub(r"(?m)^from neve\.[\w.]+ import (?:\([^)]*\)|[^\n]*)$", "", "\n".join(texts))


def python(document: Program, gates: Gates, place: sandbox.Sandbox) -> Check:
    """Run a Python document and its tests, and mend what its comments state; of tests for another module
    first what they expect (`expected`)."""
    text, put = document.text, 0
    if document.beside:
        text, put = expected.settled(text, document.beside, gates.seconds, place)
        document = replace(document, text=text)
    found = stated.claims(document.text)
    watched = [claim.place for claim in found]
    report, why = _run(program(), document, gates, place, watched=watched, seen_only=False)
    if report is None:
        return Check("run", why)
    check = _read(report)
    if put:
        check = replace(check, comments=stated.Verdict(text, put))
    if check.error or not stated.wrong(found, seen := report.get("seen", {})):
        return check
    again, _ = _run(_fresh(), document, gates, place, watched=watched, seen_only=True)
    verdict = stated.mend(text, found, seen, (again or {"seen": {}})["seen"])
    return replace(check, comments=replace(verdict, mended=verdict.mended + put))


def _run(
    text: str, document: Program, gates: Gates, place: sandbox.Sandbox, **more: Any
) -> tuple[dict[str, Any] | None, str]:
    """(what `text` reports of the document in the sandbox, why it does not)."""
    mark = f"report {secrets.token_hex(8)} "
    given = {
        "program": document.text, "beside": dict(document.beside), "seconds": gates.seconds,
        "mutants": gates.mutants, "mark": mark, **more,
    }  # fmt: skip
    result = sandbox.run(
        text,
        sandbox=place,
        limits=sandbox.Limits(
            gates.seconds * (3 + gates.mutants), memory_bytes=MEMORY_BYTES, processes=PROCESSES
        ),
        stdin=json.dumps(given).encode("utf-8", "surrogatepass"),
        extra=sandbox.Extra(packages=Path(gates.packages) if gates.packages else None),
    )
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    said = next((line.removeprefix(mark) for line in lines if line.startswith(mark)), None)
    return (None, result.detail or result.status) if said is None else (json.loads(said), "")


@cache
def _fresh() -> str:
    """Runs `program` by an interpreter of its own that orders hashes in another way."""
    return f"""
import os, sys
text = f"import sys; sys.path[:] = {{sys.path!r}}\\n" + {program()!r}
environment = {{**os.environ, "PYTHONHASHSEED": "1"}}
os.execve(sys.executable, [sys.executable, "-s", "-S", "-P", "-B", "-c", text], environment)
"""


def _read(report: dict[str, Any]) -> Check:
    if report["error"]:
        if report.get("outside"):
            return Check(f"not checked: {report['error']}", missing=report.get("missing", ""))
        return Check("run", report["error"])
    failures = [f"{name}: {error}" for name, error in report["tests"] if error]
    return Check(
        "tested" if report["tests"] else "run",
        tests=len(report["tests"]),
        passed=len(report["tests"]) - len(failures),
        failure=failures[0] if failures else "",
        asserting=report["asserting"],
        assertions=report["assertions"],
        branches=(report["branches"][0], report["branches"][1]),
        mutants=(report["killed"][0], report["killed"][1]),
    )
