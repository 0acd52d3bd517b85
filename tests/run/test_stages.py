"""The list of stages. Oracle: the table of docs/how-it-works.md, which says for each change what is built again."""

from __future__ import annotations

import copy
import fnmatch
import gzip
import json
import re
import shutil
import sysconfig
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neve import documents
from neve import store as stores
from neve.errors import Fault
from neve.recipe.file import parse
from neve.recipe.recipe import Recipe
from neve.run import outside, vocabulary
from neve.run.machine import Machine
from neve.run.stages import stages
from neve.store import Kind, Stage, fingerprints

from ..conftest import small_quickstart

PAGE = Path(__file__).parents[2] / "docs" / "how-it-works.md"
HERE = Machine("bf16", "bubblewrap")


def table() -> dict[str, str]:
    part = PAGE.read_text().partition("## What is built again")[2].partition("## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", part, re.M)
    return dict(rows[1:])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside the sdists, whose files have no digest in the recipe."""
    folder = tmp_path_factory.mktemp("own") / "repository"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\n")
    return folder


@pytest.fixture(scope="module")
def small(corpus: Path) -> dict[str, Any]:
    data = small_quickstart()
    data["corpus"]["sources"].append({"kind": "directory", "path": str(corpus)})
    data["corpus"]["sources"].append({"kind": "git", "path": "https://localhost/r.git", "commit": "main"})
    return data


PINS = {"git https://localhost/r.git main": "a" * 40}


def prints(recipe: Recipe, pins: dict[str, str] = PINS) -> tuple[dict[str, Stage], dict[str, str]]:
    made = stages(recipe, Path("run"), HERE, pins)
    return {stage.name: stage for stage in made}, fingerprints(made, outside.identities(made, pins))


def test_a_commit_stays_where_the_same_path_is_read_as_a_folder_too(corpus: Path) -> None:
    """What is there counts for the folder alone. Oracle: the commit in the recipe."""
    data = small_quickstart()
    commit = "b" * 40
    data["corpus"]["sources"] = [{"kind": "git", "path": str(corpus), "commit": commit}]
    data["labels"]["exemplars"]["positives"].append({"kind": "directory", "path": str(corpus)})
    recipe = parse(data)
    known = outside.identities(stages(recipe, Path("run"), HERE, {}), {})
    assert known[str(corpus)]
    found, _ = prints(recipe, {key: one for key, one in known.items() if one})
    assert found["files"].settings.sources[0].commit == commit


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in after if after[name] != before.get(name)} - {"report"}


def concerned(found: dict[str, Stage], first: str) -> set[str]:
    """The stages that a cell names, and all that read them."""
    patterns = [] if first == "nothing" else re.findall(r"`([^`]+)`", first)
    for pattern in patterns:
        assert fnmatch.filter(found, pattern), f"{pattern}: no such stage"
    names = {name for pattern in patterns for name in fnmatch.filter(found, pattern)}
    for name, stage in found.items():  # each after those that it reads
        if names & set(stage.inputs.values()):
            names.add(name)
    return names - {"report"}


def override(data: dict[str, Any], path: str, value: Any) -> Any:
    """Set a field, and give back what it was before."""
    node: Any = data
    *parents, last = path.split(".")
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    before, node[last] = node.get(last), value
    return before


def append_a_line(data: dict[str, Any], corpus: Path, **_: Any) -> dict[str, str]:
    with (corpus / "a.py").open("a") as file:
        file.write("y = 2\n")
    return PINS


def another_commit(data: dict[str, Any], **_: Any) -> dict[str, str]:
    return dict.fromkeys(PINS, "b" * 40)


def equal_files(data: dict[str, Any], benchmark_files: Path, **_: Any) -> dict[str, str]:
    data["evaluate"]["data"] = str(benchmark_files)
    return PINS


def other_files(data: dict[str, Any], benchmark_files: Path, tmp_path: Path, **_: Any) -> dict[str, str]:
    raw = gzip.decompress((benchmark_files / "HumanEval.jsonl.gz").read_bytes())
    (tmp_path / "HumanEval.jsonl.gz").write_bytes(gzip.compress(raw.splitlines()[0] + b"\n"))
    shutil.copy(benchmark_files / "mbpp.jsonl", tmp_path)
    data["evaluate"]["data"] = str(tmp_path)
    return PINS


NAMED: dict[str, Callable[..., dict[str, str]]] = {
    "a line added to a file of a source": append_a_line,
    "another commit, listing or revision, after `--refresh`": another_commit,
    "`evaluate.data`: files equal to the published": equal_files,
    "`evaluate.data`: a benchmark file that differs": other_files,
    "a module or a function moved": lambda data, **_: PINS,
    "the version of a kind raised, here `tokens`": lambda data, **_: PINS,
}
"""Changes of the table that are no field of the recipe."""


@pytest.mark.parametrize("change", table())
def test_what_a_change_builds_again(
    change: str, small: dict[str, Any], corpus: Path, tmp_path: Path, request, monkeypatch
) -> None:
    data = copy.deepcopy(small)
    files: Path = request.getfixturevalue("benchmark_files") if "evaluate.data" in change else tmp_path
    if change not in NAMED:
        path, _, text = change.strip("`").partition(" = ")
        value = tomllib.loads(f"v = {text}")["v"]
        if isinstance(value, bool):
            override(data, path, not value)
    _, before = prints(parse(data))
    pins = PINS
    if change in NAMED:
        pins = NAMED[change](data, corpus=corpus, benchmark_files=files, tmp_path=tmp_path)
    else:
        assert override(data, path, value) != value
    if "moved" in change or "version" in change:
        known = stores.kinds()
        version = known["tokens"].version + ("version" in change)
        table = {**known, "tokens": Kind(version, "neve.elsewhere:build")}
        monkeypatch.setattr(stores, "kinds", lambda: table)
    found, after = prints(parse(data), pins)
    assert changed(before, after) == concerned(found, table_cell(change))


def table_cell(change: str) -> str:
    return table()[change]


def test_inputs_stand_before_their_readers(small: dict[str, Any]) -> None:
    seen: set[str] = set()
    for stage in stages(parse(small), Path("run"), HERE, {}):
        assert set(stage.reads.values()) <= seen, stage.name
        seen.add(stage.name)


def test_planning_asks_nobody(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: a machine on which no process starts and no connection is made."""
    import socket
    import subprocess

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(subprocess, "Popen", refused)
    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    found, _ = prints(parse(small), {})
    assert found["files"].settings.sources[-1].commit == "main"
    found, _ = prints(parse(small))
    assert found["files"].settings.sources[-1].commit == "a" * 40


def test_annotators_are_fitted_after_what_they_are_made_of_and_only_the_named_ones_score(
    small_recipe: Recipe, tmp_path: Path
) -> None:
    data = small_recipe.model_dump(mode="json", exclude_none=True)
    data["annotators"] = {
        "all": {"kind": "cascade", "first": "student", "then": "encoder"},
        "student": {"kind": "student", "teacher": "encoder"},
        "unused": {"kind": "ngrams", "labels": ["exemplars"]},
        **data["annotators"],
    }
    data["phase"][1] |= {"annotator": "all", "controls": {"random": 2, "random-repeated": 1}}
    made = {stage.name: stage for stage in stages(parse(data), tmp_path, HERE, {})}
    fitted = [name for name in made if name.startswith("annotator-")]
    assert fitted == ["annotator-encoder", "annotator-student", "annotator-all"]
    assert [name for name in made if name.startswith("scores-")] == ["scores-all"]
    assert {"labels-exemplars", "annotator-student", "annotator-encoder"} <= set(made["annotator-all"].inputs)
    twins = [f"quality-random{more}" for more in ("", "-2", "-repeated")]
    assert [name.removeprefix("train-") for name in made if name.startswith("train-quality-")] == twins
    assert all({f"control-{twin}", f"view-{twin}"} <= set(made) for twin in twins)
    data["annotators"]["all"] = {"kind": "oracle", "labels": ["exemplars"]}
    with pytest.raises(
        Fault, match=r"annotators\.all\.kind = 'oracle': no such kind; there are encoder, ngrams"
    ):
        vocabulary.check_recipe(parse(data))


def test_synthesis_reads_the_annotator_only_where_a_gate_asks_for_its_score(small: dict[str, Any]) -> None:
    plain, _ = prints(parse(small))
    asked = {**small, "synthesis": {**small["synthesis"], "gates": {"score": 0.1}}}
    scored, _ = prints(parse(asked))
    more = {"selection": "selection-quality", "scores": "scores-encoder", "annotator": "annotator-encoder"}
    assert scored["synthesis"].inputs == {**plain["synthesis"].inputs, **more}
    assert not set(more) & set(plain["synthesis"].inputs)


def test_others_are_asked_where_they_agree_if_they_are_built(small: dict[str, Any], tmp_path: Path) -> None:
    words = {"kind": "ngrams", "labels": ["words"]}
    labels = small["labels"] | {"words": next(iter(small["labels"].values()))}
    data = small | {"labels": labels, "annotators": small["annotators"] | {"words": words}}
    data["phase"] = [dict(phase) for phase in small["phase"]]
    data["phase"][1]["annotator"] = "encoder"
    made = {stage.name: stage for stage in stages(parse(data), tmp_path, HERE, {})}
    assert made["diagnosis-quality"].settings.others == (), "words is in the recipe and not built"
    assert not made["diagnosis-quality"].settings.drawn
    more = data["phase"][1] | {"name": "more", "annotator": "words", "temperature": 0.5}
    data["phase"].insert(2, more)
    made = {stage.name: stage for stage in stages(parse(data), tmp_path, HERE, {})}
    assert made["diagnosis-quality"].settings.others == ("words",)
    assert {"annotator-words", "learnt-words"} <= set(made["diagnosis-quality"].inputs)
    assert made["diagnosis-more"].settings.others == ("encoder",) and made["diagnosis-more"].settings.drawn


def test_a_blend_has_a_diagnosis_where_each_of_it_judges_alone(small: dict[str, Any], tmp_path: Path) -> None:
    words = {"kind": "ngrams", "labels": ["exemplars"]}
    column = {"kind": "column", "path": "scores.parquet", "column": "score"}
    for of, diagnosed in ((["encoder", "words"], True), (["encoder", "own"], False)):
        both = {"kind": "blend", "of": of}
        data = small | {"annotators": small["annotators"] | {"words": words, "own": column, "both": both}}
        data["phase"] = [dict(phase) for phase in small["phase"]]
        data["phase"][1]["annotator"] = "both"
        made = {stage.name: stage for stage in stages(parse(data), tmp_path, HERE, {})}
        assert ("diagnosis-quality" in made) == diagnosed
        if diagnosed:
            assert made["diagnosis-quality"].settings.others == ("encoder", "words")


def test_own_scores_have_no_diagnosis(small: dict[str, Any]) -> None:
    """A column has no score for a changed text; the annotators of a recipe that learn have one."""
    assert "diagnosis-quality" in [stage.name for stage in stages(parse(small), Path("runs/x"), HERE, PINS)]
    column = {"kind": "column", "path": "scores.parquet", "column": "score"}
    data = small | {"annotators": {"encoder": column}}
    names = [stage.name for stage in stages(parse(data), Path("runs/x"), HERE, PINS)]
    assert "selection-quality" in names and "diagnosis-quality" not in names


def test_without_phases_a_corpus_is_all(small: dict[str, Any]) -> None:
    alone = {"run": small["run"], "corpus": small["corpus"]}
    found, _ = prints(parse(alone))
    assert list(found) == ["files", "curate", "tokenizer", "tokens"]


LEAKED = "def drop_odd_words(text):\n    words = text.split()\n    return ' '.join(w for w in words if len(w) % 2 == 0)\n"
ASKED = "Remove every word of an odd number of letters from a text and return what is left, joined by single blanks."


def test_items_are_curated_and_the_leaked_one_is_no_label(tmp_path: Path) -> None:
    """Positives from an instruction set. Oracle: which rows are clean, as written here."""
    functions = {
        path.stem: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted((Path(sysconfig.get_path("stdlib")) / "json").glob("*.py"))
    }
    rows = [
        {"lang": "python", "problem": f"Write module {name}.", "solution": f"Look:\n\n```python\n{text}```\n"}
        for name, text in functions.items()
    ]
    rows.append({"lang": "python", "problem": ASKED, "solution": f"```python\n{LEAKED}```"})
    rows.append({"lang": "python", "problem": "Nothing.", "solution": None})
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {"task": "own/1", "text": ASKED, "code": LEAKED}
    (tmp_path / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    recipe = parse(
        {
            "run": {"name": "labels"},
            "corpus": {
                "sources": [{"kind": "directory", "path": str(tmp_path)}],
                "licenses": "permissive",
                "languages": ["Python"],
                "decontaminate": {
                    "benchmarks": [],
                    "files": [{"name": "own", "path": str(tmp_path / "tasks.jsonl"), "prompt": "text", "solution": "code"}],
                },
            },
            "labels": {
                "set": {
                    "licenses": "any",
                    "positives": [
                        {"kind": "table", "path": str(tmp_path / "set.jsonl"), "template": "{problem:comment}\n{solution:code}"}
                    ],
                }
            },
            "annotators": {"words": {"kind": "ngrams", "labels": ["set"]}},
            "phase": [{"name": "quality", "data": "selection", "tokens": 100, "lr": {"peak": 1e-3}}],
        }
    )  # fmt: skip
    planned = {stage.name: stage for stage in stages(recipe, tmp_path, Machine("fp32", "none"), {})}
    made = [planned["exemplar-files-set"], planned["exemplars-set"]]
    store = stores.Store(tmp_path / "stages", made, outside.identities(made, {}))
    for name in store.stages:
        store.run(name)
    table = documents.read(store.path("exemplars-set") / "documents")
    kept = table["content"].to_pylist()
    assert all(text.startswith("# Write module ") for text in kept) and len(kept) >= len(functions) - 2
    assert not any(ASKED in text for text in kept)
    verdicts = documents.read(store.path("exemplars-set") / "verdicts").to_pylist()
    stopped = {row["stage"]: row["detail"] for row in verdicts}
    assert "decontaminate" in stopped and len(verdicts) + len(kept) == len(rows)
