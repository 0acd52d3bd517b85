"""Whole or absent: stages killed anywhere leave nothing that looks done, and equal work is done once."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from neve.errors import Fault
from neve.locks import locked
from neve.settings import Execution
from neve.store import Stage, Store, atomic_write, fingerprints, read_json

MODULE = """
    import os, pathlib
    RULES_VERSION = 3
    def build(settings, inputs, out):
        (out / "tries").open("a").write("x")
        if settings.fail:
            (out / "half").write_text("half")
            raise OSError(28, "No space left on device") if settings.fail == "full" else ValueError("broken")
        before = "".join((path / "text").read_text() for path in inputs.values())
        (out / "text").write_text(before + settings.text)
        return {"bytes": len(settings.text), "tries": len((out / "tries").read_text())}
"""


@dataclass(frozen=True)
class Settings:
    text: str
    fail: Execution[str] = ""
    threads: Execution[int] = 1


@pytest.fixture
def module(tmp_path: Path, monkeypatch) -> str:
    (tmp_path / "toy_stage.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("toy_stage", None)
    return "toy_stage:build"


def chain(build: str, a: str = "a", b: str = "b", threads: int = 1, **more) -> list[Stage]:
    return [
        Stage("one", build, Settings(a)),
        Stage("two", build, Settings(b, threads=threads), inputs={"x": "one"}, **more),
        Stage("three", build, Settings("c"), inputs={"x": "two"}),
    ]


def test_only_what_depends_on_a_change_is_stale(module: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "stages", chain(module))
    for name in store.stages:
        assert store.state(name) == "pending"
        store.run(name)
    assert (store.path("three") / "text").read_text() == "abc"
    changed = Store(tmp_path / "stages", chain(module, b="B"))
    assert [changed.state(name) for name in changed.stages] == ["done", "stale", "stale"]
    assert [store.state(name) for name in store.stages] == ["done", "done", "done"]


def test_execution_fields_do_not_count_and_rules_do(module: str, tmp_path: Path) -> None:
    plain, other = fingerprints(chain(module)), fingerprints(chain(module, threads=7))
    assert plain == other
    path = tmp_path / "toy_stage.py"
    from neve.store import rules_version

    path.write_text(path.read_text().replace("RULES_VERSION = 3", "RULES_VERSION = 4"))
    rules_version.cache_clear()
    assert all(plain[name] != other for name, other in fingerprints(chain(module)).items())
    rules_version.cache_clear()


def test_an_outside_file_counts_by_size_and_time(module: str, tmp_path: Path) -> None:
    data = tmp_path / "data.txt"
    stages = chain(module, outside=(str(data),))
    absent = fingerprints(stages)
    data.write_text("1")
    there = fingerprints(stages)
    data.write_text("12")
    longer = fingerprints(stages)
    assert len({absent["two"], there["two"], longer["two"]}) == 3 and absent["one"] == longer["one"]
    assert fingerprints(stages) == longer


def test_a_failed_stage_leaves_nothing_that_looks_done(module: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "stages", [Stage("one", module, Settings("a", fail="broken"))])
    with pytest.raises(ValueError, match="broken"):
        store.run("one")
    assert store.state("one") == "pending" and not any((tmp_path / "stages").iterdir())


def test_a_resuming_stage_finds_what_it_left(module: str, tmp_path: Path) -> None:
    fails = Store(
        tmp_path / "stages",
        [Stage("one", module, Settings("a", fail="broken"), resumes=True)],
    )
    with pytest.raises(ValueError):
        fails.run("one")
    assert fails.state("one") == "partial"
    again = Store(tmp_path / "stages", [Stage("one", module, Settings("a"), resumes=True)])
    assert again.run("one")["counts"]["tries"] == 2 and again.state("one") == "done"


def test_a_full_disk_is_one_line(module: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "stages", [Stage("one", module, Settings("a", fail="full"))])
    with pytest.raises(Fault, match="the disk is full"):
        store.run("one")
    assert store.state("one") == "pending"


def test_a_broken_manifest_is_not_done(module: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "stages", chain(module)[:1])
    store.run("one")
    (store.path("one") / "manifest.json").write_text("{")
    assert not store.done("one")
    store.run("one")
    assert store.done("one")


def test_atomic_write_under_kill_9(tmp_path: Path) -> None:
    """A writer killed at random moments: the file always holds one whole value."""
    target = tmp_path / "value.json"
    code = "import json,sys,pathlib\nfrom neve.store import write_json\nn=0\nwhile True:\n n+=1\n write_json(pathlib.Path(sys.argv[1]), [n]*5000)\n"
    for wait in (0.05, 0.11, 0.23):
        writer = subprocess.Popen([sys.executable, "-c", code, str(target)])
        while not target.exists():
            time.sleep(0.01)
        time.sleep(wait)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        value = json.loads(target.read_text())
        assert len(value) == 5000 and len(set(value)) == 1


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(Fault, match=str(os.getpid())), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_atomic_write_replaces(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for text in ("[1]", "[2]"):
        atomic_write(path, text)
    assert read_json(path) == [2] and [p.name for p in tmp_path.iterdir()] == ["x.json"]
