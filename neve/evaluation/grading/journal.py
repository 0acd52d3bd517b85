"""An append-only file of JSON lines that a killed job goes on from.

The first line says what the rows belong to; a file that says something else is not mixed with. Rows are written in
groups, each ended by an empty line, so what a kill leaves of a group is dropped whole and done again: a batch's
result can depend on its company, and the second time it has the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from neve.errors import Fault


def reopen(path: Path, header: dict[str, Any]) -> tuple[list[Any], Callable[[Iterable[Any]], None]]:
    """The rows of whole groups in `path`, made where it is missing, and a function that appends a group.

    Raises Fault where the file belongs to something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    first = json.dumps(header, sort_keys=True).encode() + b"\n\n"
    raw = path.read_bytes() if path.exists() else b""
    end = raw.rfind(b"\n\n") + 2 if b"\n\n" in raw else 0
    if end and not raw.startswith(first):
        raise Fault(f"{path}: is of another model, other samples or settings; name another folder with --out")
    if not end:
        path.write_bytes(first)
        end = len(first)
    os.truncate(path, end)
    rows = [json.loads(line) for line in raw[len(first) : end].splitlines() if line]

    def append(group: Iterable[Any]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in group) + "\n"
        with path.open("ab") as handle:
            handle.write(text.encode())
            handle.flush()
            os.fsync(handle.fileno())

    return rows, append
