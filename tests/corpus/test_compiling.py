"""The line about compiling, and the second process. Oracles: a program of two kernels, run with an empty cache
and with a full one; a curation after the later half alone was compiled.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neve.corpus.compiling import LINE

PROGRAM = """
import numba
from neve.corpus import compiling

compiling.announce()
compiling.os.sched_getaffinity = lambda _: range({cores})
compiling.subprocess.Popen = lambda command, stdin, stdout, stderr: print(*command[1:], stdin, stdout, stderr)

@numba.njit(cache=True)
def one(x):
    return x + 1

@numba.njit(cache=True)
def two(x):
    return one(x) * 2

print(two(3), two(3.5))
"""


def _run(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache")}
    (folder / "program.py").write_text(program)
    command = [sys.executable, str(folder / "program.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=True)


def test_the_line_comes_once_where_something_is_compiled_and_not_where_it_is_cached(tmp_path: Path) -> None:
    first, second = (_run(tmp_path, PROGRAM.replace("{cores}", "2")) for _ in range(2))
    assert (
        first.stdout == "-m neve.corpus.compiling -3 -3 -3\n8 9.0\n"
    )  # the second process, once, without a pipe
    assert second.stdout == "8 9.0\n"
    assert first.stderr.count(LINE) == 1 and LINE not in second.stderr


def test_one_core_compiles_alone(tmp_path: Path) -> None:
    assert _run(tmp_path, PROGRAM.replace("{cores}", "1")).stdout == "8 9.0\n"


COMPILED = """
import sys
from numba.core import event

class Listener(event.Listener):
    def on_start(self, event):
        code = event.data["dispatcher"].py_func
        print(f"compiled {code.__module__}.{code.__name__}")

    def on_end(self, event):
        pass

event.register("numba:compile", Listener())
from neve.corpus import compiling

compiling._told = True  # no second process
if len(sys.argv) == 1:
    compiling.later_half()
else:
    from neve.cli import main

    sys.argv[0] = "neve"
    main()
"""


@pytest.mark.slow
def test_curation_finds_the_later_half_compiled(tmp_path: Path) -> None:
    """Neither half compiles a kernel of the other, and each has something to do."""
    sources = Path(__file__).parents[2] / "neve" / "corpus" / "secrets"
    later = set(_run(tmp_path, COMPILED).stdout.splitlines())
    curate = ("curate", str(sources), "--out", str(tmp_path / "out"))
    made = _run(tmp_path, COMPILED, *curate).stdout.splitlines()
    first = {line for line in made if line.startswith("compiled neve.")}
    assert "compiled neve.corpus.secrets.addresses._find" in later
    assert "compiled neve.corpus.signals.lexing_kernel.mark" in first
    assert not first & later
