"""Benchmarks of one's own: JSONL whose fields have other names, with or without a description beside it.

A description is a small TOML file. Wherever a benchmark is named (`--tasks`, `--task`, `evaluate.tasks`,
`corpus.decontaminate.benchmarks`), its path may stand in place of a name:

    name = "kata"
    file = "kata.jsonl"       # beside this file; gzipped or not
    grading = "assertions"    # or check, unittest; without it, bits per byte and decontamination alone

    [fields]                  # of each row; a field that is not named is empty
    prompt = "question"
    solution = "answer"
    test = "tests"            # text, or a list of texts

`docs/extend-benchmark.md` explains every key. The trade-off: fields are renamed, not computed; rows that
need more than that get a function in `formats` and an entry in `traits.TABLE`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from neve.errors import Fault, Misuse
from neve.tasks.benchmarks import Benchmark, load
from neve.tasks.task import Task, called, is_python, text
from neve.tasks.traits import FUNCTION_STOPS, PROGRAM_STOPS, TABLE, Traits

GRADINGS = ("check", "assertions", "unittest")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*")


@dataclass(frozen=True)
class Fields:
    """Names of the fields of a row; None: there is no such field."""

    task_id: str | None = None
    """Without it `task_id`, else `id`, else the number of the line."""
    prompt: str | None = None
    solution: str | None = None
    test: str | None = None
    entry_point: str | None = None
    """Without it the first function or class of the solution that a test calls."""
    instruction: str | None = None
    """Without it the prompt, where that is no Python."""


def describe(path: Path) -> Traits:
    """Read a description. Raises Misuse, which names file, key and remedy, for one that cannot be used."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misuse(
            f"{path}: cannot be read ({error.strerror}); give the path of a benchmark's description"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misuse(f"{path}: is no TOML ({error}); see docs/extend-benchmark.md") from None
    known = ("name", "file", "grading", "self_contained", "fields")
    for key in given:
        _expect(key in known, path, key, given[key], f"unknown key; there are {', '.join(known)}")
    name, file, grading = given.get("name"), given.get("file"), given.get("grading")
    proper = isinstance(name, str) and bool(_NAME.fullmatch(name)) and name not in TABLE
    _expect(proper, path, "name", name, "must be letters, digits and +._-, and not a published benchmark's")
    _expect(isinstance(file, str), path, "file", file, "must be the path of a JSONL file")
    _expect(grading in (None, *GRADINGS), path, "grading", grading, f"must be one of {', '.join(GRADINGS)}")
    whole = given.get("self_contained", grading == "assertions")
    _expect(isinstance(whole, bool), path, "self_contained", whole, "must be true or false")
    table = given.get("fields", {})
    names = [field.name for field in fields(Fields)]
    _expect(isinstance(table, dict), path, "fields", table, "must be a table, [fields]")
    for key, value in table.items():
        _expect(key in names, path, f"fields.{key}", value, f"unknown key; there are {', '.join(names)}")
        _expect(
            isinstance(value, str), path, f"fields.{key}", value, "must be the name of a field of the rows"
        )
    chosen = Fields(**table)
    for key in ("prompt", "solution", "test") if grading else ():
        if getattr(chosen, key) is None:
            raise Misuse(f"{path}: fields.{key} is missing; grading = {grading!r} needs it")
    some = chosen.prompt is not None or chosen.solution is not None
    _expect(some, path, "fields", table, "must name prompt or solution, or both")
    return Traits(
        name=str(name),
        file=str(path.parent.resolve() / str(file)),
        task=partial(_task, fields=chosen, self_contained=whole, graded=grading is not None),
        grading=grading,
        asks="instruction" if chosen.instruction else "prompt",
        stops=PROGRAM_STOPS if whole else FUNCTION_STOPS,
        shows_tests=True,
    )


def _expect(right: bool, path: Path, key: str, value: Any, remedy: str) -> None:
    if not right:
        raise Misuse(f"{path}: {key} = {value!r:.60}: {remedy}")


def read(
    name: str, path: Path, prompt: str | None = None, solution: str | None = None, test: str | None = None
) -> Benchmark:
    """A benchmark for decontamination alone: JSONL whose fields `prompt`, `solution` and `test` are named.

    Raises Fault, which says what to do, for a file that cannot be read so.
    """
    key = f"corpus.decontaminate.files: {name!r}"
    if prompt is None and solution is None:
        raise Fault(f"{key} names no field of {path}; give prompt or solution, or both")
    chosen = Fields(prompt=prompt, solution=solution, test=test)
    task = partial(_task, fields=chosen, self_contained=False, graded=False)
    try:
        return load(Traits(name, str(path), task, None, shows_tests=True))
    except Fault as fault:
        raise Fault(f"{key}: {fault}") from None


def _task(row: dict[str, Any], fields: Fields, self_contained: bool, graded: bool) -> Task:
    """A row as a task; raises LookupError for a field that is not there, TypeError for one that
    is no text."""
    prompt, solution, test = (_field(row, name) for name in (fields.prompt, fields.solution, fields.test))
    entry_point = _field(row, fields.entry_point)
    if graded and not entry_point:
        entry_point = called(solution if self_contained else f"{prompt}\n{solution}", [test])
    instruction = _field(row, fields.instruction)
    if fields.instruction is None and not is_python(prompt):
        instruction = prompt
    default = row.get("task_id", row.get("id", row["line"]))
    return Task(
        task_id=str(row[fields.task_id] if fields.task_id else default),
        prompt=prompt,
        solution=solution,
        entry_point=entry_point,
        test=test,
        instruction=instruction,
        self_contained=self_contained,
    )


def _field(row: dict[str, Any], name: str | None) -> str:
    if name is None:
        return ""
    if name not in row:
        raise LookupError(
            f"has no field {name!r}; it has {', '.join(k for k in row if k != 'line') or 'none'}"
        )
    value = row[name]
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "\n".join(value)
    if not isinstance(value, str | None):
        raise TypeError(f"has {value!r:.40} in field {name!r}; name a field that holds text")
    return text(value or "")
