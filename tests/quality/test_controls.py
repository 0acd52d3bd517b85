"""neve.quality.controls. Oracles: the laws of quotas, recomputed here from the tables that came out."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from neve import documents
from neve.quality import controls, select

from .selecting import index, run, tokens_of


def test_random_documents_once_and_as_often_as_the_phase(corpus, tmp_path):
    inputs, table, ranked = corpus
    made, report = run(inputs, tmp_path / "out", tokens=12_000)
    phase = report["quality"]["languages"]
    for kind, repeats in (("random", 1), ("random-repeated", 4)):
        name, seen = f"quality-{kind}", 0
        for language, docs in tokens_of(table, made[name]).items():
            assert {times for _, _, times, _ in docs} == {repeats} and sum(cut for *_, cut in docs) <= 1
            taken = sum(n for _, n, *_ in docs)
            assert abs(taken * repeats - phase[language]["seen"]) <= 2 * repeats + 2
            seen += taken * repeats
        assert abs(seen - 12_000) <= 0.002 * 12_000
    best, *random = (
        np.mean([ranked[d]["rank"] for d in made[name]["doc_id"].to_pylist()])
        for name in ("quality", "quality-random", "quality-random-repeated")
    )
    assert best < min(random)
    assert set(made["quality-random"]["doc_id"].to_pylist()) != set(
        made["quality-random-repeated"]["doc_id"].to_pylist()
    )


def test_random_documents_as_long_as_the_phase_s(corpus, tmp_path):
    """A phase that prefers long documents; oracle: the mean length of what it and its controls took whole."""
    inputs, table, _ = corpus
    long = {row["doc_id"]: row["length"] for row in table.to_pylist()}
    rows = documents.read(inputs["scores"] / "scores").to_pylist()
    by_length = sorted(rows, key=lambda row: -long[row["doc_id"]])
    rows = [
        row | {"score": float(long[row["doc_id"]]), "rank": rank} for rank, row in enumerate(by_length, 1)
    ]
    (tmp_path / "long").mkdir()
    documents.write(
        pa.Table.from_pylist(rows, schema=documents.SCORES), tmp_path / "long" / "scores", documents.SCORES
    )
    (tmp_path / "phase").mkdir()
    select.build(
        select.Settings(12_000, 1, None, 0.7, seed=1),
        inputs | {"scores": tmp_path / "long"},
        tmp_path / "phase",
    )
    mean = {}
    for kind in ("random-repeated", "random-length"):
        folder = tmp_path / kind
        folder.mkdir()
        controls.build(
            controls.Settings(f"quality-{kind}", kind, 12_000, 1),
            inputs | {"selection": tmp_path / "phase"},
            folder,
        )
        took = tokens_of(table, pq.read_table(folder / "selection.parquet"))
        mean[kind] = np.mean([n for docs in took.values() for _, n, *_ in docs])
        assert abs(sum(n * times for docs in took.values() for _, n, times, _ in docs) - 12_000) <= 24
    wanted = tokens_of(table, pq.read_table(tmp_path / "phase" / "selection.parquet"))
    phase = np.mean([n for docs in wanted.values() for _, n, *_ in docs])
    assert phase > 1.15 * mean["random-repeated"] and abs(mean["random-length"] / phase - 1) < 0.05


def test_draws_differ_by_their_names(corpus, tmp_path):
    inputs, _, _ = corpus
    run(inputs, tmp_path / "out", tokens=2_000)
    drawn = []
    for name in ("quality-random-2", "quality-random-3", "quality-random-2"):
        folder = tmp_path / str(len(drawn))
        folder.mkdir()
        settings = controls.Settings(name, "random", 2_000, seed=1)
        controls.build(settings, inputs | {"selection": tmp_path / "out" / "quality"}, folder)
        drawn.append(pq.read_table(folder / "selection.parquet"))
    assert drawn[0].equals(drawn[2]) and not drawn[0].equals(drawn[1])


def test_a_synthetic_phase_s_controls_follow_its_languages(corpus, tmp_path):
    inputs, table, _ = corpus
    index(tmp_path / "synthetic", {"Python": [300] * 10, "C": [100] * 10}, name="made")
    for kind, repeats in (("random", 1), ("random-repeated", 2)):
        out = tmp_path / kind
        out.mkdir()
        settings = controls.Settings(f"synthetic-{kind}", kind, 8_000, seed=1)
        controls.build(settings, {"tokens": inputs["tokens"], "synthetic": tmp_path / "synthetic"}, out)
        docs = tokens_of(table, pq.read_table(out / "selection.parquet"))
        assert sorted(docs) == ["C", "Python"]
        for language, quota in (("Python", 6_000), ("C", 2_000)):
            assert {times for _, _, times, _ in docs[language]} == {repeats}
            assert abs(sum(n * times for _, n, times, _ in docs[language]) - quota) <= 2 * repeats
