"""Something is taken out of a run. Oracle: a run of the same recipe whose source never had it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from neve.documents import digest, read
from neve.errors import Misuse
from neve.recipe.file import parse
from neve.report.why import why
from neve.run.removal import LIST, leftovers, look, remove
from neve.run.runner import run
from neve.run.status import status
from neve.store import arm_stages, read_json

from ..conftest import SITE


def corpus(folder: Path, packages: tuple[str, ...]) -> Path:
    for package in packages:
        shutil.copytree(SITE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def recipe(folder: Path):
    source = {"kind": "directory", "path": str(folder)}
    corpus = {
        "sources": [source],
        "languages": ["Python"],
        "heldout_share": 0.0,
        "decontaminate": {"benchmarks": []},
    }
    return parse(
        {"run": {"name": "r"}, "corpus": corpus, "tokenizer": {"vocab_size": 400, "sample_bytes": 1 << 16}}
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("removal")
    run(recipe(corpus(folder / "all", ("h11", "httpx", "typer"))), folder / "run")
    return folder


def test_a_repository_and_one_file_are_gone_as_if_they_had_never_been(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "run", tmp_path / "run")
    found = look(tmp_path / "run", ["typer", "h11/_events.py"])
    swhid = why(tmp_path / "run", "h11/_events.py")["file"]["swhid"]
    assert found["lines"] == ["typer", swhid]
    table = read(arm_stages(tmp_path / "run", "main")["curate"] / "documents", ["repo"])["repo"].to_pylist()
    assert found["documents"] == table.count("typer") + 1 and found["repositories"] == 2
    changed = remove(tmp_path / "run", found["lines"])
    assert (tmp_path / "run" / LIST).read_text().splitlines() == found["lines"]
    assert changed.corpus.opt_out == str((tmp_path / "run" / LIST).resolve())

    never = corpus(tmp_path / "never", ("h11", "httpx"))
    (never / "h11" / "_events.py").unlink()
    run(recipe(never), tmp_path / "other", until="tokens")
    documents = [
        read(arm_stages(tmp_path / name, "main")["curate"] / "documents").drop_columns(["source_id"])
        for name in ("run", "other")
    ]
    assert digest(documents[0], ["repo", "path"]) == digest(documents[1], ["repo", "path"])
    assert {row["state"] for row in status(tmp_path / "run")} == {"done"}
    verdict = why(tmp_path / "run", "h11/_events.py")["verdict"]
    assert (verdict["rule"], verdict["detail"]) == ("opted-out", swhid)
    gone = why(tmp_path / "run", "typer")
    assert gone["documents"] == 0 and gone["stopped"]["opt-out/opted-out"] >= table.count("typer")
    old = [path.name.partition("-")[0] for path in leftovers(tmp_path / "run")]
    assert sorted(old) == ["curate", "tokenizer", "tokens"]
    with pytest.raises(Misuse, match="names no document of this run"):
        look(tmp_path / "run", ["typer"])


def test_a_list_of_the_recipes_own_grows(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "run", tmp_path / "run")
    (tmp_path / "mine.txt").write_text("# ours\nsomebody/else")
    data = recipe(made / "all").model_dump(mode="json")
    data["corpus"]["opt_out"] = str(tmp_path / "mine.txt")
    run(parse(data), tmp_path / "run", until="curate")
    remove(tmp_path / "run", ["httpx", "somebody/else"])
    assert (tmp_path / "mine.txt").read_text() == "# ours\nsomebody/else\nhttpx\n"
    assert not (tmp_path / "run" / LIST).exists()
    states = {row["stage"]: row["state"] for row in status(tmp_path / "run")}
    assert states["curate"] == "done" and states["tokens"] != "done", (
        "no more than had been done is built again"
    )
    stages = arm_stages(tmp_path / "run", "main")
    assert "httpx" not in read(stages["curate"] / "documents", ["repo"])["repo"].to_pylist()


def test_what_is_wrong_is_named(made: Path, tmp_path: Path) -> None:
    for name, said in (
        ("nobody/nothing", "names no document"),
        ("swh:1:dir:" + "a" * 40, "that of a content"),
    ):
        with pytest.raises(Misuse, match=said):
            look(made / "run", [name])
    with pytest.raises(Misuse, match="no run here"):
        look(tmp_path, ["typer"])


def test_nothing_is_written_by_looking(made: Path) -> None:
    before = sorted(path.name for path in made.rglob("*"))
    look(made / "run", ["typer"])
    assert sorted(path.name for path in made.rglob("*")) == before
    assert read_json(made / "run" / "run.json")["recipes"]["main"]["corpus"]["opt_out"] is None
