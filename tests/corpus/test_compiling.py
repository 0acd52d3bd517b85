"""The line about compiling. Oracle: a program of two kernels, run with an empty cache and with a full one."""

import os
import subprocess
import sys
from pathlib import Path

from neve.corpus.compiling import LINE

PROGRAM = """
import numba
from neve.corpus import compiling

compiling.announce()

@numba.njit(cache=True)
def one(x):
    return x + 1

@numba.njit(cache=True)
def two(x):
    return one(x) * 2

print(two(3), two(3.5))
"""


def test_the_line_comes_once_where_something_is_compiled_and_not_where_it_is_cached(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, str(tmp_path / "program.py")]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, env=environment, check=True) for _ in range(2)
    )
    assert first.stdout == second.stdout == "8 9.0\n"
    assert first.stderr.count(LINE) == 1 and LINE not in second.stderr
