"""Neve from Python. Oracles: the examples in its docstrings, and what the commands write."""

from __future__ import annotations

import doctest
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import neve
from neve import sandbox
from neve.errors import Misuse
from neve.run import library

from ..conftest import SITE


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the examples take for given, in a folder of their own."""
    folder = tmp_path_factory.mktemp("library")
    for package, place in (("click", "code/click"), ("httpx", "code/httpx"), ("jinja2", "good/jinja2")):
        shutil.copytree(SITE / package, folder / place, ignore=shutil.ignore_patterns("__pycache__"))
    recipe = {
        "run": {"name": "small"},
        "corpus": {"sources": [{"kind": "directory", "path": "code"}], "languages": ["Python"]},
        "labels": {"good": {"positives": [{"kind": "directory", "path": "good"}], "family_share": 1.0}},
        "annotators": {"words": {"kind": "ngrams", "labels": ["good"], "bits": 12}},
        "training": {"sequence": 128, "batch_tokens": 512},
        "tokenizer": {"vocab_size": 512},
        "phase": [{"name": "best", "data": "selection", "tokens": 12_000, "lr": {"peak": 0.1}}],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        long_code = (SITE / "click" / "utils.py").read_text()
        run = neve.Run(recipe, out="runs/small").build(until="annotator-words")
        run.folder = run.folder.resolve()
        yield {"neve": neve, "long_code": long_code, "recipe": recipe, "run": run, "folder": folder}


@pytest.mark.parametrize("name", ["curate", "dedup", "grade", "Annotator", "Run"])
def test_the_example_in_the_docstring_runs(names: dict[str, Any], name: str, request, monkeypatch) -> None:
    monkeypatch.chdir(names["folder"])
    if name == "grade":
        if sandbox.probe().tier == "none":
            pytest.skip(sandbox.probe().detail)
        (names["folder"] / "benchmarks").symlink_to(request.getfixturevalue("benchmark_files"))
    (test,) = doctest.DocTestFinder(recurse=False).find(getattr(library, name), name, globs=dict(names))
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_a_run_is_opened_again_and_answers(names: dict[str, Any]) -> None:
    run = neve.Run.open(names["run"].folder)
    assert run.recipe == names["run"].recipe
    assert run.why("click/utils.py")["file"]["path"].endswith("utils.py")
    scored = run.annotator("words")
    texts = [names["long_code"], "x = 1\n" * 40, names["long_code"]]
    found = scored.score(texts)
    assert found[0] == found[2] != found[1] and scored.about["kind"] == "ngrams"
    with pytest.raises(Misuse, match="no run here"):
        neve.Run.open(names["folder"] / "nowhere")


def test_a_table_is_what_pyarrow_takes_for_one(names: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"path": "a.py", "content": names["long_code"]}]
    for files in (rows, pa.Table.from_pylist(rows), {"path": ["a.py"], "content": [names["long_code"]]}):
        assert neve.dedup(files).documents.num_rows == 1
    made = neve.dedup(rows, out=tmp_path / "kept")
    assert (tmp_path / "kept" / "manifest.json").exists() and made.documents.num_rows == 1
    with pytest.raises(Misuse, match=r"near\.treshold"):
        neve.dedup(rows, treshold=0.5)
    with pytest.raises(Misuse, match="has no row"):
        neve.dedup(pa.Table.from_pylist(rows).slice(1))


def test_importing_neve_imports_nothing_heavy() -> None:
    program = (
        "import neve, sys; print(neve.__version__, sorted(m for m in sys.modules if m.startswith('neve.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == f"{neve.__version__} []"
    assert set(dir(neve)) >= {"curate", "Run"}
    with pytest.raises(AttributeError, match="no attribute 'curates'"):
        neve.curates  # noqa: B018
