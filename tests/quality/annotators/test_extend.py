"""docs/extend-annotator.md: its code is taken out of the page and run. Oracle: words that were planted."""

import ast
import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import neve.quality.annotators as annotators
from neve import documents
from neve.quality import scoring
from neve.quality.settings import Fit
from neve.recipe.annotators import Own

PAGE = Path(__file__).parents[3] / "docs" / "extend-annotator.md"


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The page's module, in the table as its line says, and its recipe."""
    module, line, recipe, *_ = re.findall(r"```(?:python|toml)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(module.splitlines()) <= 60 and len(line.splitlines()) == 1
    monkeypatch.setattr(annotators, "KINDS", annotators.KINDS | ast.literal_eval(f"{{{line}}}"))
    name = annotators.KINDS["words"]
    file = tmp_path / "words.py"
    file.write_text(module)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, made)
    spec.loader.exec_module(made)
    return made, tomllib.loads(recipe)["annotators"]["mine"]


def test_the_word_list_of_the_page_finds_planted_words(page, inputs, tmp_path):
    module, table = page
    out = {name: tmp_path / name for name in ("annotator", "scores", "planted")}
    for folder in out.values():
        folder.mkdir()
    settings = Fit(Own.model_validate(table), seed=1)
    assert settings.annotator.options == {"fewest": 3}
    counts = annotators.module("words").fit(settings, inputs, out["annotator"])
    assert counts["positives"] > 10 and counts["roc_auc"] > 0.5
    odds = sorted(module.load(out["annotator"]).odds.items(), key=lambda item: item[1])
    texts = [" ".join(word for word, _ in part) for part in (odds[:20], odds[-20:])]
    ids = [documents.doc_id(text.encode()) for text in texts]
    table = pa.table({"doc_id": ids, "language": ["Python"] * 2, "content": texts})
    documents.write(table, out["planted"] / "documents")
    scoring.build(None, {"annotator": out["annotator"], "documents": out["planted"]}, out["scores"])
    found = documents.read(out["scores"] / "scores").to_pylist()
    score = {row["doc_id"]: row["score"] for row in found}
    assert score[ids[0]] == pytest.approx(np.mean([v for _, v in odds[:20]]))
    assert score[ids[1]] == pytest.approx(np.mean([v for _, v in odds[-20:]]))
    assert {row["doc_id"]: row["rank"] for row in found} == {ids[1]: 1, ids[0]: 2}
