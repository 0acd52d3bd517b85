"""The ledger: every question that was put to a model, and its answer, so that a killed run asks nothing
twice.

A question is known by the SHA-256 of its payload in canonical JSON: model name, messages, sampling and seed,
but not the endpoint's address, so a server that moves to another port or machine keeps its answers. Final
failures are answers too: they are not asked again, and a run repeated over the same ledger gives the same
result. Delete their rows to ask them again.

SQLite with its plain rollback journal and one synchronous commit per answer: a few milliseconds beside
seconds of generation, one file, no helper files that a copy forgets, and safe on network file systems, where
WAL is not. After `kill -9` an answer is there whole or not at all. The first answer to a question stays.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from neve.errors import Fault

LOCK_SECONDS = 30.0

_TABLE = """
create table if not exists answers (
    key text primary key,     -- SHA-256 of the payload
    payload text not null,    -- the question, canonical JSON
    text text not null,       -- the answer's text; empty when it failed
    finish text,              -- finish_reason
    usage text not null,      -- token counts, JSON
    error text                -- why there is no answer
) strict
"""


def canonical(payload: dict[str, Any]) -> str:
    """`payload` as the one JSON text that stands for it: sorted keys, no spaces, ASCII."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False)


def key(payload: dict[str, Any]) -> str:
    """Identity of a question, in hex.

    >>> key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(canonical(payload).encode()).hexdigest()


class Ledger:
    """A context manager over the SQLite file `path`, made when it is missing; one writer at a time.

    Raises Fault when the file cannot be opened, is no ledger, is locked by another run or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.RLock()
        with self._readable():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._db.execute("pragma journal_mode = delete")
            self._db.execute("pragma synchronous = full")
            self._db.execute(_TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:  # closed under a query that another thread runs, SQLite takes the process down
            self._db.close()

    def get(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        """The recorded answer, {text, finish, usage, error}, or None when the question has none yet."""
        with self._readable():
            query = "select text, finish, usage, error from answers where key = ?"
            row = self._db.execute(query, (key(payload),)).fetchone()
            if row is None:
                return None
            text, finish, usage, error = row
            return {"text": text, "finish": finish, "usage": json.loads(usage), "error": error}

    def put(self, payload: dict[str, Any], answer: dict[str, Any]) -> None:
        """Record an answer, safe on disk when this returns; a question that has one keeps it."""
        self.put_all([(payload, answer)])

    def put_all(self, answers: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        """Record several answers in one commit."""
        rows = [
            (
                key(payload), canonical(payload), answer["text"], answer["finish"],
                json.dumps(answer["usage"], sort_keys=True), answer["error"],
            )
            for payload, answer in answers
        ]  # fmt: skip
        self._change("insert or ignore into answers values (?, ?, ?, ?, ?, ?)", rows)

    def forget(self, payloads: Iterable[dict[str, Any]]) -> None:
        """Drop what was recorded for these questions, so that they are asked again."""
        self._change("delete from answers where key = ?", [(key(payload),) for payload in payloads])

    def _change(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """One statement for each row, all in one commit."""
        with self._readable():
            self._db.execute("begin")
            try:
                self._db.executemany(statement, rows)
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    def rows(self, block: int = 1000) -> Iterator[list[tuple[str, str, str, str | None, str, str | None]]]:
        """All of (key, payload, text, finish, usage, error) by key, a block at a time."""
        last = ""
        query = (
            "select key, payload, text, finish, usage, error from answers where key > ? order by key limit ?"
        )
        while True:
            with self._readable():
                found = self._db.execute(query, (last, block)).fetchall()
            if not found:
                return
            yield found
            last = found[-1][0]

    def __len__(self) -> int:
        with self._readable():
            return int(self._db.execute("select count(*) from answers").fetchone()[0])

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except (sqlite3.Error, OSError, ValueError) as error:
            raise Fault(
                f"{self._path}: the ledger cannot be used: {error}; free its disk or its lock, or name another file"
            ) from None
