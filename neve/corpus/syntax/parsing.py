"""Which documents do not parse. Parsers run in processes that may hang or crash and are then replaced.

Texts go to a worker (`python -m neve.corpus.syntax.parsers`) as slices of a column, written at once into a
file that the worker maps, and the shares come back the same way: no Python object for each text here, and no
pipe that is waited on for each. The trade-off: the answers of a slice come together. A text that ended its
worker is NaN ("unmeasured"); the next worker continues after it, so its neighbours keep their answers. There
are as many workers as processors, however many threads ask, and they work from any thread, Daft worker or
Ray actor; nothing is forked.

A worker ends a text that takes more than its share of processor time, whatever else the machine does; the
timeout by the clock here is for workers that hang. What "parses" means in each language:
neve.corpus.syntax.parsers.
"""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neve.corpus.syntax.parsers import GRAMMARS, REQUEST, TEXT_BYTES, UNANSWERED

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["GRAMMARS", "parse_errors"]

_PIECE_BYTES = 4 << 20
_START_S = 60.0  # imports on a busy machine


def parse_errors(
    texts: pa.Array | pa.ChunkedArray | Sequence[bytes],
    languages: pa.Array | pa.ChunkedArray | Sequence[str | None],
    timeout_s: float = 5.0,
) -> np.ndarray:
    """Share of each text's bytes that its parser can make nothing of, float64 in [0, 1].

    Those are the bytes under tree-sitter's error and missing nodes, where one that covers no byte counts as
    one; where CPython alone refuses, the line where it stopped. NaN: no grammar for the language, no text or
    one past TEXT_BYTES, more than `timeout_s` seconds of processor time, too much memory, or a crash.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from neve.corpus.text import buffers

    codes = pc.index_in(_column(languages, pa.string()), pa.array(list(GRAMMARS)))
    column = _column(texts, pa.large_binary())
    short = pc.less_equal(pc.binary_length(column), TEXT_BYTES)
    asked = pc.and_(codes.is_valid(), short.fill_null(False))
    shares = np.full(len(column), np.nan)
    if not asked.true_count:
        return shares
    values, offsets, _ = buffers(column.filter(asked))
    spoken = codes.filter(asked).to_numpy(zero_copy_only=False).astype(np.uint8)
    answers = np.full(len(spoken), np.nan)

    piece = (offsets[:-1] - offsets[0]) // _PIECE_BYTES
    cuts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), len(spoken)]

    def drive(start: int, stop: int) -> None:
        data = values[offsets[start] : offsets[stop]]
        answers[start:stop] = _pool.ask(data, offsets[start : stop + 1], spoken[start:stop], timeout_s)

    if len(cuts) == 2:
        drive(*cuts)
    else:
        with ThreadPoolExecutor(_processors()) as threads:
            for driver in [threads.submit(drive, *cut) for cut in pairwise(cuts)]:
                driver.result()
    shares[np.flatnonzero(asked)] = answers
    return shares


def _column(given: Any, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    return given.cast(kind) if isinstance(given, pa.Array) else pa.array(list(given), kind)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Stuck(Exception):
    """A worker that does not start, take or answer in time."""


class _Pool:
    """The workers of this process: at most one a processor."""

    def __init__(self) -> None:
        self.idle: list[_Worker] = []
        self.free = threading.BoundedSemaphore(_processors())

    def ask(self, data: np.ndarray, offsets: np.ndarray, codes: np.ndarray, timeout_s: float) -> np.ndarray:
        """Shares of a piece, from the first worker that is free."""
        with self.free:
            try:
                worker = self.idle.pop()
            except IndexError:
                worker = _Worker()
            try:
                return worker.parse(data, offsets, codes, timeout_s)
            finally:
                self.idle.append(worker)


class _Worker:
    """A file of texts and answers, and the process that reads it, started when needed and replaced when it
    ends."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self.process: subprocess.Popen[bytes] | None = None

    def parse(self, data: np.ndarray, offsets: np.ndarray, codes: np.ndarray, timeout_s: float) -> np.ndarray:
        """Share of each text, NaN for one that ran out of time, stood still, or ended a worker twice."""
        import numpy as np

        rows = len(codes)
        answers = np.full(rows, UNANSWERED)
        self.file.seek(0)
        for part in (answers, np.ascontiguousarray(offsets - offsets[0]), codes, data):
            rest = part.data.cast("B") if len(part) else memoryview(b"")
            while rest:
                rest = rest[self.file.write(rest) :]
        self.file.truncate()
        crashed = -1
        while (first := self._answered(answers)) < rows:
            try:
                self._ask(rows, first, timeout_s)
                continue
            except _Stuck:
                self.end()
                culprit = self._answered(answers)
            except (OSError, EOFError):
                status = self.end()
                culprit = self._answered(answers)
                if status != -signal.SIGPROF and culprit != crashed:
                    crashed = culprit
                    continue
            except BaseException:
                self.end()
                raise
            if culprit < rows:
                os.pwrite(self.file.fileno(), np.float64(math.nan).tobytes(), 8 * culprit)
        return answers

    def _answered(self, answers: np.ndarray) -> int:
        """Read the answers there are; returns the number of the first text that has none."""
        import numpy as np

        answers[:] = np.frombuffer(os.pread(self.file.fileno(), answers.nbytes, 0))
        waiting = np.flatnonzero(answers == UNANSWERED)
        return int(waiting[0]) if len(waiting) else len(answers)

    def _ask(self, rows: int, first: int, timeout_s: float) -> None:
        """Have the texts from `first` on parsed. Raises _Stuck, EOFError or OSError where the
        worker fails."""
        import numpy as np

        if self.process is None or self.process.poll() is not None:
            self._start()
        assert self.process and self.process.stdin and self.process.stdout
        self.process.stdin.write(REQUEST.pack(rows, first, timeout_s))
        answers, before = np.empty(rows), first
        while True:
            try:
                return self._wait(10 * timeout_s)
            except _Stuck:
                if (now := self._answered(answers)) == before:
                    raise
                before = now

    def _start(self) -> None:
        self.end()
        root = str(Path(__file__).parents[3])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "neve.corpus.syntax.parsers", str(self.file.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=[self.file.fileno()],
            bufsize=0,
        )
        try:
            self._wait(_START_S)
        except (EOFError, _Stuck):
            self.end()
            raise RuntimeError(
                "a parser process could not start: `python -m neve.corpus.syntax.parsers 0` says why"
            ) from None

    def _wait(self, seconds: float) -> None:
        """Until the worker says a byte."""
        assert self.process and self.process.stdout
        poll = select.poll()
        poll.register(self.process.stdout, select.POLLIN)
        if not poll.poll(seconds * 1000):
            raise _Stuck
        if not self.process.stdout.read(1):
            raise EOFError

    def end(self) -> int | None:
        """Kill the process; returns how it ended, its own way if that was first."""
        if (process := self.process) is None:
            return None
        if process.poll() is None:
            try:
                process.wait(timeout=0.2)  # one that has closed its pipe is just ending
            except subprocess.TimeoutExpired:
                process.kill()
        status = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        self.process = None
        return status


def _fresh() -> None:
    """A forked child must not speak into its parent's pipes and files."""
    global _pool
    _pool = _Pool()


_pool = _Pool()
os.register_at_fork(after_in_child=_fresh)
