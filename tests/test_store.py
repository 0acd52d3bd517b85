"""Whole or absent: stages killed anywhere leave nothing that looks done, and equal work is done once."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from neve import store
from neve.errors import Fault
from neve.locks import locked
from neve.settings import Execution
from neve.store import Stage, Store, atomic_write, fingerprints, read_json

MODULE = """
    import os, pathlib
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
def module(tmp_path: Path, monkeypatch):
    (tmp_path / "toy_stage.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("toy_stage", None)
    table = tmp_path / "kinds.txt"
    table.write_text("# a comment\ntoy  3  toy_stage:build\n")
    monkeypatch.setattr(store, "KINDS", table)
    store.kinds.cache_clear()
    yield "toy"
    store.kinds.cache_clear()


def chain(kind: str, a: str = "a", b: str = "b", threads: int = 1, **more) -> list[Stage]:
    return [
        Stage("one", kind, Settings(a)),
        Stage("two", kind, Settings(b, threads=threads), inputs={"x": "one"}, **more),
        Stage("three", kind, Settings("c"), inputs={"x": "two"}),
    ]


def test_only_what_depends_on_a_change_is_stale(module: str, tmp_path: Path) -> None:
    made = Store(tmp_path / "stages", chain(module))
    for name in made.stages:
        assert made.state(name) == "pending"
        made.run(name)
    assert (made.path("three") / "text").read_text() == "abc"
    changed = Store(tmp_path / "stages", chain(module, b="B"))
    assert [changed.state(name) for name in changed.stages] == ["done", "stale", "stale"]
    assert [made.state(name) for name in made.stages] == ["done", "done", "done"]


def test_execution_fields_do_not_count_and_versions_do(module: str, tmp_path: Path) -> None:
    plain, other = fingerprints(chain(module), {}), fingerprints(chain(module, threads=7), {})
    assert plain == other
    (tmp_path / "kinds.txt").write_text("toy  4  elsewhere:build\n")
    store.kinds.cache_clear()
    assert all(plain[name] != other for name, other in fingerprints(chain(module), {}).items())
    (tmp_path / "kinds.txt").write_text("toy  3  elsewhere:build\n")
    store.kinds.cache_clear()
    assert fingerprints(chain(module), {}) == plain, "where the function is counts for nothing"


def test_inputs_beside_are_given_and_do_not_count(module: str, tmp_path: Path) -> None:
    alone = Store(tmp_path / "stages", chain(module))
    stages = chain(module, beside={"also": "one"})
    made = Store(tmp_path / "stages", stages)
    assert made.prints == alone.prints and made.needed("two") == {"one", "two"}
    for name in ("one", "two"):
        made.run(name)
    assert (made.path("two") / "text").read_text() == "aab" and alone.done("two")


def test_what_is_outside_counts_by_its_identity(module: str) -> None:
    stages = chain(module, outside=("data", "s3://there"))
    known = {"data": "1", "s3://there": None}
    plain = fingerprints(stages, known)
    assert fingerprints(stages, {**known, "other": "x"}) == plain
    longer = fingerprints(stages, {**known, "data": "2"})
    assert plain["two"] != longer["two"] and plain["one"] == longer["one"]
    with pytest.raises(KeyError, match="s3"):
        fingerprints(stages, {"data": "1"})


def test_a_kind_of_a_seam_needs_no_line(module: str, tmp_path: Path) -> None:
    made = Store(tmp_path / "stages", [Stage("one", "toy-more", Settings("a"), build="toy_stage:build")])
    assert made.run("one")["version"] == 1 and made.done("one")


def test_a_failed_stage_leaves_nothing_that_looks_done(module: str, tmp_path: Path) -> None:
    made = Store(tmp_path / "stages", [Stage("one", module, Settings("a", fail="broken"))])
    with pytest.raises(ValueError, match="broken"):
        made.run("one")
    assert made.state("one") == "pending" and not any((tmp_path / "stages").iterdir())


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
    made = Store(tmp_path / "stages", [Stage("one", module, Settings("a", fail="full"))])
    with pytest.raises(Fault, match="the disk is full"):
        made.run("one")
    assert made.state("one") == "pending"


def test_an_equal_stage_of_another_run_is_taken(module: str, tmp_path: Path, monkeypatch) -> None:
    """Oracle: its files, also after the other run is gone; what is not equal, or not
    whole, or cannot be linked or copied, is not taken."""
    runs = [tmp_path / "none", tmp_path / "first"]
    first, other = (
        Store(runs[1] / "stages", chain(module)),
        Store(tmp_path / "here" / "stages", chain(module, b="B")),
    )
    for name in first.stages:
        first.run(name)
    left = other.path("one").with_name(f"{other.path('one').name}.taken")  # an attempt that was killed
    left.mkdir(parents=True)
    (left / "text").write_text("ha")
    assert other.take("one", runs) == first.path("one") and other.done("one")
    assert other.take("two", runs) is None and not other.done("two") and not left.exists()
    assert other.elsewhere("three", [*runs, other.folder.parent]) is None
    third = Store(tmp_path / "full" / "stages", chain(module))
    with monkeypatch.context() as patch:
        patch.setattr(store, "_linked", lambda *_: os.link(tmp_path / "gone", tmp_path / "nowhere"))
        assert third.take("one", runs) is None and not list(third.folder.iterdir())
    shutil.rmtree(runs[1])
    assert (other.path("one") / "text").read_text() == "a" and other.manifest("one")["counts"]["tries"] == 1
    assert other.take("one", [other.folder.parent]) == other.path("one") and other.done("one"), (
        "nothing to take from itself"
    )


def test_a_broken_manifest_is_not_done(module: str, tmp_path: Path) -> None:
    made = Store(tmp_path / "stages", chain(module)[:1])
    made.run("one")
    (made.path("one") / "manifest.json").write_text("{")
    assert not made.done("one")
    made.run("one")
    assert made.done("one")


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
