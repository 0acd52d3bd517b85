"""Answers beside the selection, by a really fitted annotator. Oracles: the annotator on its own; quantiles by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from chat_server import completion, endpoint

from neve import documents
from neve.llm.answers import Answer
from neve.quality import annotators, scoring
from neve.quality.annotator import Documents
from neve.quality.annotators import ngrams
from neve.quality.settings import Fit
from neve.recipe.annotators import Ngrams
from neve.recipe.corpus import Near
from neve.synthesis import gates, generate
from neve.synthesis.candidates import Candidate
from neve.synthesis.gates import Accepted, Limits
from neve.synthesis.lookalikes import Lookalikes
from neve.synthesis.scoring import Scorer, limits
from neve.synthesis.seeds import Seed


def good(n: int) -> str:
    """Small functions."""
    return "".join(
        f"def part_{n}_{i}(value):\n    total = value * {n + 2}\n    return total + {i}\n\n\n"
        for i in range(6)
    )


def bad(n: int) -> str:
    """A table without any."""
    rows = "".join(f"    'entry_{n}_{i}': [{n}, {i}, None, 'word {n * i}'],\n" for i in range(12))
    return f"TABLE_{n} = {{\n{rows}}}\nprint(TABLE_{n}, sorted(TABLE_{n}))\nprint(len(TABLE_{n}))\n"


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory, inputs: dict[str, Path]) -> dict[str, Path]:
    """An annotator that prefers functions to tables, its scores of the documents, and a selection of half of
    them."""
    root = tmp_path_factory.mktemp("ranked")
    labelled = [(good(n), 1.0) for n in range(40)] + [(bad(n), 0.0) for n in range(40)]
    ids = [documents.doc_id(text.encode()) for text, _ in labelled]
    table = pa.table({
        "doc_id": ids, "label": [label for _, label in labelled], "origin": ["made"] * 80, "language": ["Python"] * 80,
        "split": ["heldout" if n % 8 == 0 else "train" for n in range(80)], "fold": [n % 5 for n in range(80)],
    })  # fmt: skip
    documents.write(table, root / "labels" / "labels")
    texts = pa.array([text for text, _ in labelled], pa.large_string())
    documents.write(
        pa.table({"doc_id": ids, "language": ["Python"] * 80, "content": texts}),
        root / "labels" / "documents",
    )
    for name in ("annotator", "scores", "selection"):
        (root / name).mkdir()
    about = Ngrams(kind="ngrams", labels=["made"], bits=14)
    ngrams.fit(Fit(about, 1), {"labels-made": root / "labels"}, root / "annotator")
    scoring.build(None, {"annotator": root / "annotator", "documents": inputs["documents"]}, root / "scores")
    chosen = documents.read(root / "scores" / "scores").sort_by("rank").slice(0, 10)
    made = pa.table([chosen["doc_id"], pa.array([1] * 10, pa.int32()), pa.array([None] * 10, pa.int64())],
                    schema=documents.SELECTION)  # fmt: skip
    pq.write_table(made, root / "selection" / "selection.parquet")
    return {name: root / name for name in ("annotator", "scores", "selection")}


def test_the_limit_is_the_quantile_of_the_selected_documents(
    ranked: dict[str, Path], inputs: dict[str, Path]
) -> None:
    values = documents.read(ranked["scores"] / "scores").sort_by("rank")["score"].to_numpy()
    corpus = inputs["documents"] / "documents"
    found = limits(ranked["selection"], ranked["scores"], corpus, 0.25)
    assert found == {"Python": pytest.approx(np.quantile(values[:10], 0.25))}


def candidate(text: str, markup: str | None = None) -> Candidate:
    seed = Seed("0" * 32, "r", "a.py", "Python", "", "")
    return Candidate(seed, Answer(text, "stop"), text, 0.0, 0.0, None, 9, markup=markup)


def test_scores_are_the_annotators_and_a_language_without_a_limit_has_none(
    ranked: dict[str, Path], tmp_path: Path
) -> None:
    texts = [good(100), bad(100), good(100), good(101)]
    made = [candidate(text, "Markdown" if i == 3 else None) for i, text in enumerate(texts)]
    found = Scorer(ranked["annotator"], {"Python": 0.5}).scored(made)
    rows = [{"doc_id": each.doc_id, "language": "Python", "content": each.code} for each in made[:2]]
    documents.write(pa.Table.from_pylist(rows), tmp_path / "documents")
    (tmp_path / "work").mkdir()
    alone = annotators.load(ranked["annotator"]).score(
        Documents((tmp_path / "documents",)), tmp_path / "work"
    )
    assert [each.score for each in found] == [*alone.means(), alone.means()[0], None]
    assert [replace(each, score=None) for each in found] == made
    refusals = [
        gates.good_enough(each, Accepted(Lookalikes(Near(enabled=False))), Limits(scores={"Python": 0.5}))
        for each in found
    ]
    assert [why is not None for why in refusals] == [False, True, False, False]


def test_the_stage_asks_the_annotator_before_it_runs_anything(
    tmp_path: Path,
    settings: generate.Settings,
    inputs: dict[str, Path],
    ranked: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every second answer is a table: none of those is run, and each has its score and limit as a verdict."""
    ran: list[str] = []
    check: Callable[..., Any] = generate.execution.check
    monkeypatch.setattr(
        generate.execution, "check", lambda programs, *more: ran.extend(p.text for p in programs) or check(programs, *more)
    )  # fmt: skip

    def reply(payload: dict[str, Any], before: int) -> bytes:
        n = payload["seed"] % 1_000_003
        return completion(f"```python\n{(good if n % 2 else bad)(n)}```")

    with endpoint(reply) as server:
        made = settings.synthesis.gates.model_copy(update={"score": 0.01})
        asked = settings.synthesis.model_copy(update={"endpoint": server.url, "gates": made})
        (tmp_path / "out").mkdir()
        counts = generate.build(replace(settings, synthesis=asked), {**inputs, **ranked}, tmp_path / "out")
    refused = documents.read(tmp_path / "out" / "verdicts").to_pylist()
    kept = documents.read(tmp_path / "out" / "documents").to_pylist()
    least = limits(ranked["selection"], ranked["scores"], inputs["documents"] / "documents", 0.01)["Python"]
    assert counts["refused"]["score"] >= 4 and counts["accepted"] >= 4
    assert all(row["score"] >= least and "def part" in row["content"] for row in kept)
    assert all(row["value"] < least == row["limit"] for row in refused if row["rule"] == "score")
    assert ran and not any("TABLE" in text for text in ran)
