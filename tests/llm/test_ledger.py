"""The ledger's law: what was answered stays answered, whatever happens to the process.

Oracle: a process killed with SIGKILL while it writes has printed the questions whose `put` returned; every one of them
must be there afterwards, whole.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.errors import Fault
from neve.llm import ledger as ledgers
from neve.llm.ledger import Ledger

ANSWER = {"text": "x = 1\n\x00é", "finish": "stop", "usage": {"completion_tokens": 3}, "error": None}

WRITER = """
import sys
from pathlib import Path
from neve.llm.ledger import Ledger
with Ledger(Path(sys.argv[1])) as ledger:
    for i in range(10**6):
        ledger.put({"n": i}, {"text": str(i) * 1000, "finish": "stop", "usage": {}, "error": None})
        print(i, flush=True)
"""

CLOSED_WHILE_READ = """
import sys, threading
from pathlib import Path
from neve.errors import Fault
from neve.llm.ledger import Ledger

def read(ledger):
    try:
        while True:
            ledger.get({"n": 1})
    except Fault as fault:
        ended.append("closed" in str(fault))

for _ in range(100):
    ended = []
    with Ledger(Path(sys.argv[1])) as ledger:
        ledger.put({"n": 1}, {"text": "x" * 100_000, "finish": "stop", "usage": {}, "error": None})
        threads = [threading.Thread(target=read, args=(ledger,)) for _ in range(4)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert ended == [True] * 4, ended
"""


def test_a_ledger_closed_while_threads_read_it_is_a_fault_not_a_crash(tmp_path: Path) -> None:
    """A cancelled task leaves its thread in `get`; oracle: the process ends with 0, each thread with a Fault."""
    command = [sys.executable, "-c", CLOSED_WHILE_READ, tmp_path / "ledger.sqlite"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_an_answer_comes_back_as_it_was_and_the_first_stays(tmp_path: Path) -> None:
    with Ledger(tmp_path / "new" / "ledger.sqlite") as ledger:
        assert ledger.get({"model": "m"}) is None
        ledger.put({"model": "m"}, ANSWER)
        ledger.put({"model": "m"}, ANSWER | {"text": "other"})
        ledger.put({"model": "n"}, {"text": "", "finish": None, "usage": {}, "error": "status 400"})
    with Ledger(tmp_path / "new" / "ledger.sqlite") as ledger:
        assert ledger.get({"model": "m"}) == ANSWER
        assert ledger.get({"model": "n"}) == {"text": "", "finish": None, "usage": {}, "error": "status 400"}
        assert len(ledger) == 2


def test_kill_9_loses_no_answer_whose_put_returned(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    recorded: set[int] = set()
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", WRITER, file], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.15)
        process.send_signal(signal.SIGKILL)
        recorded |= {
            int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")
        }
        process.wait()
        process.stdout.close()
        with Ledger(file) as ledger:
            for i in recorded:
                assert (ledger.get({"n": i}) or {}).get("text") == str(i) * 1000
            assert len(ledger) <= max(recorded) + 2  # at most one more had been written but not yet told
    assert sqlite3.connect(file).execute("pragma integrity_check").fetchone() == ("ok",)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers()), max_size=5))
@settings(max_examples=50)
def test_the_key_is_of_what_is_asked_not_of_the_order_of_its_keys(payload: dict) -> None:
    assert ledgers.key(payload) == ledgers.key(dict(reversed(payload.items())))
    assert ledgers.key(payload) != ledgers.key(payload | {"seed of another": 1})


def test_a_file_that_is_no_ledger_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Fault, match=r"ledger\.sqlite: the ledger cannot be used: .*"):
        Ledger(file)
    with pytest.raises(Fault, match="cannot be used"):
        Ledger(file / "below-a-file.sqlite")
