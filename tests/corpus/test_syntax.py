"""Parsing in processes: CPython's own verdict on the standard library, and hand-made texts that hang, crash or bend parsers."""

from __future__ import annotations

import os
import signal
import sysconfig
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus import syntax


def shares(texts: list[bytes], **options) -> list[float]:
    return syntax.parse_errors(texts, ["Python"] * len(texts), **options).tolist()


def test_the_standard_library_parses() -> None:
    """Oracle: these files ship with the interpreter."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:60]
    assert len(files) == 60
    column = pa.array([file.read_text(encoding="utf-8") for file in files], pa.large_string())
    assert syntax.parse_errors(column, pa.array(["Python"] * 60)).tolist() == [0.0] * 60


@pytest.mark.parametrize(
    "text",
    [
        'print "a"\n', 'exec "x" in d\n', "try:\n    f()\nexcept A, e:\n    pass\n", 'raise A, "x"\n', "x = `a`\n",
        "if a <> b:\n    pass\n", "x = 0777\n", "x = 10L\n", 'x = ur"a"\n', "def f((a, b)):\n    pass\n",
        "print >>f, 'a' % b, ; print 'b'\n",
    ],
)  # fmt: skip
def test_python_2_stops(text: str) -> None:
    assert shares([b"import os\n" * 20 + text.encode()])[0] > 0


@pytest.mark.parametrize(
    "text",
    [
        "def f[T](x: T) -> T: ...\n", "class A[T: int, *Ts]: ...\n", "type X[T] = list[T]\n", 'x = f"{f"{y}"}"\n',
        'x = t"{y}"\n', "x = f'{\"\\n\".join(y)}'\n", "match x:\n    case [1, *_]: pass\n", "try: pass\nexcept* A: pass\n",
        "async def f():\n    return [x async for x in y]\n", "\ufeffx = 1\n", "", "# only a comment", "x = 1\r\ny = 2\r\n",
    ],
)  # fmt: skip
def test_python_of_any_3_passes(text: str) -> None:
    """Newer grammar than the host's too (type parameters are 3.12's, t-strings 3.14's)."""
    assert shares([text.encode()]) == [0.0]


@pytest.mark.parametrize(
    "text",
    [b"def f(:\n", b"{% if x %}\n", b"if x:\npass\n", b"if x:\n    a\n      b\n", b"x = 1\0\n", b"\xff\xfe", b"f(a=1, 2)\n",
     b"x: list[int] = `a`\n", b"def f(x: dict[str, int]):\nreturn x\n", b"x = f'{y}' z\n"],
)  # fmt: skip
def test_what_does_not_parse_stops(text: bytes) -> None:
    share = shares([text])[0]
    assert 0 < share <= 1


def test_share_is_of_bytes() -> None:
    """One bad line of ten bytes among a hundred lines of ten bytes."""
    share = shares([b"x = 12345\n" * 99 + b"print 123\n"])[0]
    assert share == pytest.approx(9 / 1000)


def test_other_languages_and_missing_texts_are_nan() -> None:
    found = syntax.parse_errors(pa.array(["x = 1", "x = 1", None]), pa.array(["COBOL", None, "Python"]))
    assert np.isnan(found).all()
    assert syntax.parse_errors(pa.array([], pa.large_string()), pa.array([], pa.string())).shape == (0,)


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
    start = time.monotonic()
    assert np.isnan(shares([good, slow, good, slow, good], timeout_s=0.2)).tolist() == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert time.monotonic() - start < 30


def _worker() -> syntax._Worker:
    shares([b"x = 1\n"])
    return syntax._pool.idle[-1]


def test_a_worker_that_stands_still_is_replaced() -> None:
    """SIGSTOP uses no processor time: the parent's clock must end it."""
    worker = _worker()
    os.kill(worker.process.pid, signal.SIGSTOP)
    assert np.isnan(shares([b"x = 1\n"], timeout_s=0.05)[0])
    assert worker.process.poll() is not None
    assert shares([b"x = 1\n"]) == [0.0]


def test_a_killed_worker_costs_no_file() -> None:
    worker = _worker()
    os.kill(worker.process.pid, signal.SIGKILL)
    assert shares([b"x = 1\n", b"x = \n"])[0] == 0.0


def test_worker_is_kept() -> None:
    first = _worker().process.pid
    assert _worker().process.pid == first


def test_many_threads_at_once() -> None:
    """As Daft calls it: every thread gets its own answers."""
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_workers_of_its_own() -> None:
    _worker()
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        ok = b"1" if not syntax._pool.idle and shares([b"x = 1\n"]) == [0.0] else b"0"
        os.write(write, ok)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"1"
    assert shares([b"x = 1\n"]) == [0.0]
