"""Which documents do not parse: parsers run in processes of their own, which may hang or crash and are replaced.

A worker is `python -m neve.corpus.syntax`, started once and fed one file at a time over pipes, so it works in
any thread, Daft worker or Ray actor, and forks nothing. It ends a file that takes more than its share of
processor time, whatever else the machine does; the parent's watch on the clock is for workers that stand
still. A file that ended its worker is NaN ("unmeasured"), its neighbours are parsed by the next one.

A language's parser is tree-sitter's; Python asks CPython first, whose word is what "parses" means. Measured against it:
of 65 files that it refuses in four sdists of Python 2's time tree-sitter-python sees an error in 3 (its grammar holds the
old statements, and heals indentation); of 6,598 files that it accepts tree-sitter refuses 4. Where CPython refuses, the
file still passes if tree-sitter sees no error and there is a construct newer than Python 3.11, so that the verdict
does not hang on the host's version: type parameters, `type X = …`, t-strings, PEP 701 f-strings. Not `except A, B:`
(PEP 758), which in nearly all code is Python 2; nor defaults of type parameters (PEP 696), which the grammar lacks.

Source: SwallowCode (arXiv 2505.02881) drops Python that its compiler refuses.
"""

from __future__ import annotations

import gc
import importlib
import math
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

GRAMMARS = {"Python": "tree_sitter_python"}
"""Linguist name: module of the tree-sitter grammar. Rules on syntax are asked for these languages alone."""

MEMORY_BYTES = 4 << 30
_FILES_PER_WORKER = 16  # fewer files are not worth another process
_REQUEST, _ANSWER = struct.Struct("<IId"), struct.Struct("<d")


def parse_errors(
    texts: pa.Array | pa.ChunkedArray | Sequence[bytes],
    languages: pa.Array | pa.ChunkedArray | Sequence[str | None],
    timeout_s: float = 5.0,
) -> np.ndarray:
    """Share of each text's bytes that its parser can make nothing of, float64 in [0, 1].

    An error or missing token that covers no byte counts as one, and where CPython alone refuses, the line where it
    stopped. NaN: no grammar for the language, no text, more than `timeout_s` seconds of processor time, or a crash.
    """
    import numpy as np

    names = list(GRAMMARS)
    spoken = _plain(languages)
    contents = _plain(texts)
    shares = np.full(len(contents), np.nan)
    todo = [i for i, text in enumerate(contents) if text is not None and spoken[i] in GRAMMARS]
    turns = count()

    def drive() -> None:
        """Take the next file until none is left; results lie by index, so the order of turns does not show."""
        while (turn := next(turns)) < len(todo):
            i = todo[turn]
            raw = contents[i].encode() if isinstance(contents[i], str) else contents[i]
            shares[i] = _pool.ask(names.index(spoken[i]), raw, timeout_s)

    workers = min(_processors(), math.ceil(len(todo) / _FILES_PER_WORKER))
    if workers > 1:
        with ThreadPoolExecutor(workers) as threads:
            for driver in [threads.submit(drive) for _ in range(workers)]:
                driver.result()
    else:
        drive()
    return shares


def _plain(column: Any) -> list[Any]:
    return column.to_pylist() if hasattr(column, "to_pylist") else list(column)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Stuck(Exception):
    """A worker that did not take or answer in time."""


class _Pool:
    """The idle workers of this process."""

    def __init__(self) -> None:
        self.idle: list[_Worker] = []
        self.lock = threading.Lock()

    def ask(self, language: int, text: bytes, timeout_s: float) -> float:
        """The answer of a worker for one file; NaN where it took too long, or crashed a worker twice."""
        for _ in range(2):
            with self.lock:
                worker = self.idle.pop() if self.idle else None
            if worker is None or worker.process.poll() is not None:
                worker = _Worker()
            try:
                share = worker.ask(language, text, timeout_s)
            except _Stuck:
                worker.end()
                return math.nan
            except (OSError, EOFError):
                if worker.end() == -signal.SIGPROF:
                    return math.nan
                continue
            except BaseException:
                worker.end()
                raise
            with self.lock:
                self.idle.append(worker)
            return share
        return math.nan


class _Worker:
    def __init__(self) -> None:
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "neve.corpus.syntax"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            bufsize=0,
        )
        assert self.process.stdin and self.process.stdout
        self.to, self.back = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self.to, False)
        self._wait(self.back, time.monotonic() + 60, read=True)  # imports on a busy machine
        if not os.read(self.back, 1):
            raise RuntimeError("a parser process could not start: `python -m neve.corpus.syntax` says why")

    def ask(self, language: int, text: bytes, timeout_s: float) -> float:
        """Raises _Stuck where the worker stands still, EOFError or OSError where it is gone."""
        deadline = time.monotonic() + 10 * timeout_s
        message = memoryview(_REQUEST.pack(language, len(text), timeout_s) + text)
        while message:
            self._wait(self.to, deadline, read=False)
            message = message[os.write(self.to, message) :]
        answer = b""
        while len(answer) < _ANSWER.size:
            self._wait(self.back, deadline, read=True)
            answer += (part := os.read(self.back, _ANSWER.size - len(answer)))
            if not part:
                raise EOFError
        return _ANSWER.unpack(answer)[0]

    def end(self) -> int:
        """Kill the process; returns how it ended, its own way if that was first."""
        if self.process.poll() is None:
            try:
                self.process.wait(timeout=0.2)  # one that has closed its pipe is just ending
            except subprocess.TimeoutExpired:
                self.process.kill()
        status = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        return status

    @staticmethod
    def _wait(fd: int, deadline: float, read: bool) -> None:
        poll = select.poll()
        poll.register(fd, select.POLLIN if read else select.POLLOUT)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise _Stuck


def _fresh() -> None:
    """A forked child must not speak into its parent's pipes."""
    global _pool
    _pool = _Pool()


_pool = _Pool()
os.register_at_fork(after_in_child=_fresh)


# What follows runs in the worker.


def _serve() -> None:
    """Answer requests on standard input until it ends; the kernel ends this process if one takes too long."""
    back = os.dup(1)
    os.dup2(2, 1)  # nothing else may speak on the pipe
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    gc.disable()  # syntax trees are many objects without circles
    parsers = [_parser(module) for module in GRAMMARS.values()]
    os.write(back, b"\1")
    while len(head := sys.stdin.buffer.read(_REQUEST.size)) == _REQUEST.size:
        language, size, timeout_s = _REQUEST.unpack(head)
        text = sys.stdin.buffer.read(size)
        signal.setitimer(signal.ITIMER_PROF, timeout_s)
        try:
            share = _share(text, list(GRAMMARS)[language], parsers[language])
        except (MemoryError, RecursionError):
            share = math.nan
        signal.setitimer(signal.ITIMER_PROF, 0)
        os.write(back, _ANSWER.pack(share))


def _parser(module: str) -> Any:
    from tree_sitter import Language, Parser

    return Parser(Language(importlib.import_module(module).language()))


def _share(text: bytes, language: str, parser: Any) -> float:
    refused = 0
    if language == "Python" and not (refused := _refused(text)):
        return 0.0
    root = parser.parse(text).root_node
    errors, nodes = 0, [root]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            errors += max(1, node.end_byte - node.start_byte)
        elif node.has_error:
            nodes.extend(node.children)
    if refused and not errors and _newer_python(root):
        return 0.0
    return min(1.0, max(errors, refused) / max(1, len(text)))


def _refused(text: bytes) -> int:
    """Bytes of the line where CPython stops, at least 1; 0 where it parses."""
    import ast

    try:
        source = text.decode().removeprefix("\ufeff")
        compile(source, "<document>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        lines = text.splitlines()
        return max(1, len(lines[error.lineno - 1])) if error.lineno and error.lineno <= len(lines) else 1
    except ValueError:  # a NUL, or no UTF-8
        return 1
    return 0


def _newer_python(root: Any) -> bool:
    """Whether a tree holds a construct that Python 3.11 does not have."""
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.type in ("type_alias_statement", "type_parameter") and node.parent.type != "generic_type":
            return True
        if node.type == "string":
            start = node.children[0].text.lower()
            quote = start.lstrip(b"bfrtu")
            parts = [child.children[1].text for child in node.children if child.type == "interpolation"]
            if b"t" in start[: -len(quote)] or any(quote in part or b"\\" in part for part in parts):
                return True
        nodes.extend(node.children)
    return False


if __name__ == "__main__":
    _serve()
