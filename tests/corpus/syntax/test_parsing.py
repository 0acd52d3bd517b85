"""Parsing in processes: texts that hang and crash parsers, workers that are stopped and killed, columns of every kind."""

from __future__ import annotations

import os
import signal
import sysconfig
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus.syntax import parsers, parsing


def shares(texts: list[bytes], **options) -> list[float]:
    return parsing.parse_errors(texts, ["Python"] * len(texts), **options).tolist()


def test_the_standard_library_parses() -> None:
    """Oracle: these files ship with the interpreter."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:60]
    assert len(files) == 60
    column = pa.array([file.read_text(encoding="utf-8") for file in files], pa.large_string())
    assert parsing.parse_errors(column, pa.array(["Python"] * 60)).tolist() == [0.0] * 60


def test_other_languages_and_missing_texts_are_nan() -> None:
    found = parsing.parse_errors(pa.array(["x = 1", "x = 1", None]), pa.array(["COBOL", None, "Python"]))
    assert np.isnan(found).all()
    assert parsing.parse_errors(pa.array([], pa.large_string()), pa.array([], pa.string())).shape == (0,)


def test_hostile_texts_leave_parent_and_neighbours_alone() -> None:
    """Deep nesting, NULs, huge lines and names: whatever the verdict, no exception, and each neighbour is parsed."""
    deep = [b"x = " + b"(" * 10_000 + b")" * 10_000, b"[" * 100_000, b"-" * 100_000 + b"1", b"lambda:" * 20_000 + b"1",
            b"a+" * 100_000 + b"1", b"\n".join(b" " * i + b"if x:" for i in range(2000)), b"\0" * 100_000,
            b"a" * 1_000_000, b'x = "' + b"y" * 2_000_000 + b'"', b"\\" * 100_000, b"'''" * 50_001]  # fmt: skip
    good = b"x = 1\n"
    found = shares([part for text in deep for part in (text, good)])
    assert found[1::2] == [0.0] * len(deep)
    assert found[14] == 0.0 and found[16] == 0.0  # a long name and a long string are Python


def test_one_that_takes_too_long_is_nan_and_its_neighbours_are_parsed() -> None:
    slow, good = b"x = [1, 2, 3]\n" * 300_000, b"x = 1\n"
    assert np.isnan(shares([good, slow, good, slow, good], timeout_s=0.2)).tolist() == [
        False,
        True,
        False,
        True,
        False,
    ]


def _worker() -> parsing._Worker:
    shares([b"x = 1\n"])
    return parsing._pool.idle[-1]


def test_a_worker_that_stands_still_is_replaced() -> None:
    """SIGSTOP uses no processor time: the parent's clock must end it."""
    process = _worker().process
    os.kill(process.pid, signal.SIGSTOP)
    assert np.isnan(shares([b"x = 1\n"], timeout_s=0.05)[0])
    assert process.poll() is not None
    assert shares([b"x = 1\n"]) == [0.0]


def test_a_killed_worker_costs_no_file() -> None:
    worker = _worker()
    os.kill(worker.process.pid, signal.SIGKILL)
    assert shares([b"x = 1\n", b"x = \n"])[0] == 0.0


def test_worker_is_kept() -> None:
    first = _worker().process.pid
    assert _worker().process.pid == first


def test_many_threads_at_once() -> None:
    """As Daft calls it: every thread gets its own answers, and there are no more workers than processors."""
    out: dict[int, list[float]] = {}

    def call(k: int) -> None:
        out[k] = shares([b"x = 1\n" if (i + k) % 3 else b"x = \n" for i in range(40)])

    threads = [threading.Thread(target=call, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        assert [share > 0 for share in out[k]] == [(i + k) % 3 == 0 for i in range(40)]
    assert len(parsing._pool.idle) <= parsing._processors()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_workers_of_its_own() -> None:
    _worker()
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        ok = b"1" if not parsing._pool.idle and shares([b"x = 1\n"]) == [0.0] else b"0"
        os.write(write, ok)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"1"
    assert shares([b"x = 1\n"]) == [0.0]


def test_a_crash_in_the_middle_costs_one_text() -> None:
    """A text that ends its worker again and again: only its own answer is lost (here the kernel's, by time)."""
    slow, good = b"x = [1, 2, 3]\n" * 300_000, b"x = 1\n"
    assert np.isnan(shares([good, slow, slow, good], timeout_s=0.1)).tolist() == [False, True, True, False]


def test_texts_past_the_limit_are_not_asked() -> None:
    found = shares([b"x = 1\n", b"#" * (parsers.TEXT_BYTES + 1), b"x = 1\n"])
    assert found[0] == found[2] == 0 and np.isnan(found[1])


def test_columns_of_any_kind_and_cut() -> None:
    """Chunked, sliced, string or binary, null languages: results lie at the rows asked."""
    texts = pa.chunked_array([pa.array(["x = ", "x = 1"]), pa.array([None, "x = (", "x = 2"])]).slice(1)
    names = pa.array(["Python"] * 5).slice(1)
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        found = parsing.parse_errors(texts.cast(kind), names)
        assert found[0] == found[3] == 0 and np.isnan(found[1]) and found[2] > 0


def test_large_columns_are_parsed_in_pieces(monkeypatch) -> None:
    monkeypatch.setattr(parsing, "_PIECE_BYTES", 100)
    found = shares([b"x = 1\n" if i % 5 else b"x = (\n" for i in range(200)])
    assert [share > 0 for share in found] == [i % 5 == 0 for i in range(200)]


def test_newer_python_among_others_has_the_share_that_it_has_alone() -> None:
    """A slice is large enough for ruff, which is asked twice. Oracle: each text by itself, in this process."""
    texts = [
        b"def first[T](x: T) -> T:\n    return x\n", b"type Pair[T] = tuple[T, T]\n", b"try:\n    pass\nexcept A, b:\n    print[0]\n",
        b"class Box[T](:\n    pass\n", b"x = f'{1}'\n" * 9000, b"print 'two'\nt = f'{0}'\n", b"x = '\\t'\n",
    ] * 3  # fmt: skip
    alone = [parsers.error_share(text, "Python") for text in texts]
    assert parsing.parse_errors(texts, ["Python"] * len(texts)).tolist() == alone
    assert [share == 0 for share in alone[:7]] == [True, True, False, False, True, False, True]
