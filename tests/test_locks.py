"""One process a folder. Oracle: a second process that tries, and a folder whose owner died."""

import subprocess
import sys
from pathlib import Path

import pytest

from neve.errors import Fault
from neve.locks import locked

TRY = """
import sys
from pathlib import Path
from neve.errors import Fault
from neve.locks import locked
try:
    with locked(Path(sys.argv[1])):
        print("mine")
except Fault as fault:
    print(fault)
"""


def tried(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", TRY, str(folder)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_second_process_is_told_who_works_there(tmp_path: Path) -> None:
    import os

    with locked(tmp_path):
        assert f"process {os.getpid()} is working here" in tried(tmp_path)
    assert tried(tmp_path) == "mine"


def test_a_folder_whose_owner_was_killed_is_free(tmp_path: Path) -> None:
    kill = TRY.replace('print("mine")', "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert subprocess.run([sys.executable, "-c", kill, str(tmp_path)]).returncode == -9
    assert tried(tmp_path) == "mine"


def test_an_error_inside_frees_the_folder(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="broken"), locked(tmp_path):
        raise Fault("broken")
    assert tried(tmp_path) == "mine"
