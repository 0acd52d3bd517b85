"""An append-only file of JSON lines with which a killed job resumes.

The first line says what the rows belong to; a file that says something else is refused. Rows are written in
groups, each ended by an empty line, so what a kill leaves of a group is dropped whole and done again: a
batch's result can depend on which others it contains, and the second time these are the same. The trade-off:
one fsync per group.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from neve.errors import Misuse
from neve.store import atomic_write

Append = Callable[[Iterable[Any]], None]


def reopen(path: Path, header: dict[str, Any]) -> tuple[list[Any], Append]:
    """The rows of whole groups in `path`, created if missing, and a function that appends a group.

    Raises Fault if the file belongs to something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    first = _first(header)
    raw = path.read_bytes() if path.exists() else b""
    end = raw.rfind(b"\n\n") + 2 if b"\n\n" in raw else 0
    if end == raw.find(b"\n\n") + 2 and not raw.startswith(first):
        end = 0  # nothing of the other was done
    if end and not raw.startswith(first):
        raise Misuse(
            f"{path}: is of another model, other samples or settings; name another folder with --out"
        )
    if not end:
        path.write_bytes(first)
        end = len(first)
    os.truncate(path, end)
    rows = [json.loads(line) for line in raw[len(first) : end].splitlines() if line]
    return rows, lambda group: _append(path, group)


def rewrite(path: Path, header: dict[str, Any], rows: Iterable[Any]) -> Append:
    """A journal with these rows alone, as one group; returns the function that appends to it."""
    atomic_write(path, _first(header) + _group(rows))
    return lambda group: _append(path, group)


def _first(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True).encode() + b"\n\n"


def _group(rows: Iterable[Any]) -> bytes:
    lines = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
    return f"{lines}\n".encode() if lines else b""


def _append(path: Path, group: Iterable[Any]) -> None:
    with path.open("ab") as handle:
        handle.write(_group(group))
        handle.flush()
        os.fsync(handle.fileno())
