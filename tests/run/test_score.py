"""`neve score` on real packages. Oracle: the annotator asked directly, and the texts as they lie on disk."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.errors import Misuse
from neve.quality import annotators, labels
from neve.quality.annotator import Documents
from neve.quality.annotators import ngrams
from neve.quality.settings import Fit, Labels
from neve.recipe.annotators import Ngrams
from neve.run import score
from neve.store import MANIFEST, RUN, write_json


def package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def table(paths: list[Path], split: str) -> pa.Table:
    rows = []
    for path in paths:
        text = path.read_text()
        row = {
            "doc_id": documents.doc_id(text.encode()),
            "source": "t",
            "repo": path.parent.name,
            "path": path.name,
        }
        rows.append(row | {"language": "Python", "split": split, "size": len(text), "content": text})
    found = pa.Table.from_pylist(rows, schema=documents.DOCUMENTS)
    return found.take(np.sort(np.unique(found["doc_id"].to_numpy(), return_index=True)[1]))


@pytest.fixture(scope="module")
def annotator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("annotator")
    pool = sorted(package("jinja2").glob("*.py")) + sorted(package("click").glob("*.py"))
    stages = {"documents": root / "c", "exemplars": root / "e", "labels-l": root / "l"}
    documents.write(table(pool, "train"), root / "c" / "documents")
    documents.write(table(sorted(package("rich").glob("*.py")), "train"), root / "e" / "documents")
    stages["labels-l"].mkdir()
    given = Labels(positives_limit=100, family_share=1.0, negatives=20, seed=1)
    labels.build(given, stages, root / "l")
    (root / "a").mkdir()
    ngrams.fit(Fit(Ngrams(kind="ngrams", labels=["l"], longest=1, bits=12), seed=1), stages, root / "a")
    return root / "a"


def test_a_folder_is_decoded_and_scored_and_a_second_command_finds_it_done(
    annotator: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine" / "repo"
    folder.mkdir(parents=True)
    for path in sorted(package("h11").glob("*.py")):
        (folder / path.name).write_text(path.read_text())
    (folder / "again.py").write_text((folder / "_state.py").read_text())
    out = tmp_path / "out"
    counts = score.run([str(tmp_path / "mine")], annotator, out)
    scores, made = documents.read(out / "scores"), documents.read(out / "documents")
    texts = {path.read_text() for path in folder.glob("*.py") if path.read_text()}
    kept = {text for text in made["content"].to_pylist() if text}
    assert kept == texts and counts["documents"] == made.num_rows == scores.num_rows
    assert sorted(scores["rank"].to_pylist()) == list(range(1, scores.num_rows + 1))
    (tmp_path / "work").mkdir()
    direct = annotators.load(annotator).score(Documents((out / "documents",)), tmp_path / "work").sorted()
    assert scores["score"].to_pylist() == direct.means().tolist()
    assert not (out / ".work").exists() and score.run([str(tmp_path / "mine")], annotator, out) == counts
    (folder / "new.py").write_text("x = 1\n")
    with pytest.raises(Misuse, match="holds the scores of other inputs"):
        score.run([str(tmp_path / "mine")], annotator, out)


def test_curated_documents_are_scored_as_they_lie_and_a_killed_command_goes_on(
    annotator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table(sorted(package("jinja2").glob("*.py")), "train")
    documents.write(rows, tmp_path / "clean" / "documents")
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(score, "write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            score.run([str(tmp_path / "clean")], annotator, out)
    assert not (out / "manifest.json").exists()
    counts = score.run([str(tmp_path / "clean")], annotator, out)
    assert counts["documents"] == rows.num_rows and not (out / "documents").exists()
    found = documents.read(out / "scores")
    assert pc.all(pc.is_in(rows["doc_id"], found["doc_id"].combine_chunks())).as_py()


def test_a_command_that_was_killed_when_all_was_moved_makes_the_documents_again(
    annotator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.jsonl").write_text(json.dumps({"text": "x = 1\n", "lang": "python"}) + "\n")
    with monkeypatch.context() as patch:
        patch.setattr(score, "write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            score.run([str(tmp_path / "t.jsonl")], annotator, tmp_path / "out")
    assert score.run([str(tmp_path / "t.jsonl")], annotator, tmp_path / "out")["documents"] == 1
    assert documents.read(tmp_path / "out" / "documents")["content"].to_pylist() == ["x = 1\n"]


def test_tables_in_anybodys_columns(annotator: Path, tmp_path: Path) -> None:
    lines = [{"text": f"def f{n}():\n    return {n}\n", "lang": "python"} for n in range(5)]
    lines.append({"text": "Dear all,\nno code here.\n", "lang": None})
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    counts = score.run([str(tmp_path / "t.jsonl")], annotator, tmp_path / "out")
    made = documents.read(tmp_path / "out" / "documents")
    assert counts["documents"] == 6
    assert sorted(made["language"].to_pylist()) == ["Python"] * 5 + ["unknown"]
    assert "unknown" in counts["not_validated"]


def test_what_is_no_annotator_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        Misuse, match=r"--annotator .*: no annotator\.json there; name a run, or a folder such as RUN"
    ):
        score.run(["."], tmp_path, tmp_path / "out")


def test_a_run_stands_for_the_annotator_that_it_selects_by(annotator: Path, tmp_path: Path) -> None:
    """Oracle: the same folder named directly; another kind of run, and one that is not done, is one line."""
    made = {name: f"{name}-0123abcd" for name in ("annotator-a", "annotator-other", "scores-a")}
    run = tmp_path / "run"
    run.mkdir()
    write_json(run / RUN, {"arms": {"main": made}})
    with pytest.raises(Misuse, match="annotator-a is not done; `neve run RECIPE --until annotator-a`"):
        score.run(["x"], run, tmp_path / "out")
    fitted = run / "stages" / made["annotator-a"]
    shutil.copytree(annotator, fitted)
    write_json(fitted / MANIFEST, {"fingerprint": "0123abcd"})
    assert score._fitted(run) == fitted and score._fitted(annotator) == annotator
    for stages, said in (
        (made | {"scores-other": "scores-other-0123abcd"}, "several annotators, name one: .*annotator-other"),
        ({}, "no annotator"),
    ):
        write_json(run / RUN, {"arms": {"main": stages}})
        with pytest.raises(Misuse, match=f"selects by {said}"):
            score.run(["x"], run, tmp_path / "out")
