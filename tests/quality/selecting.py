"""A corpus of random lengths and scores, and the stages that choose from it."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from neve import documents
from neve.quality import controls, select
from neve.quality import seeds as quality_seeds
from neve.store import read_json


def ids(n, name=""):
    return [documents.doc_id(f"{name}{i}".encode()) for i in range(n)]


def index(folder, lengths, name="", split="train"):
    """An index of documents {language: lengths}; doc_ids follow from language and place."""
    rows = [(language, i, length) for language, of in lengths.items() for i, length in enumerate(of)]
    table = pa.table(
        {
            "doc_id": [documents.doc_id(f"{name}{language}{i}".encode()) for language, i, _ in rows],
            "language": [r[0] for r in rows],
            "repo": ["r"] * len(rows),
            "shard": np.zeros(len(rows), np.int32),
            "offset": np.zeros(len(rows), np.int64),
            "length": [r[2] for r in rows],
            "size": [3 * r[2] for r in rows],
            "split": [split] * len(rows),
            "seed_doc_id": pa.nulls(len(rows), pa.string()),
        }
    )
    folder.mkdir()
    pq.write_table(table, folder / "index.parquet")
    return table


def scores(folder, table):
    """Scores with ties, and their ranks within each language by the definition."""
    value = {d: int(d[:2], 16) % 7 / 7 for d in table["doc_id"].to_pylist()}
    rows = []
    for language in sorted(set(table["language"].to_pylist())):
        own = [
            d
            for d, name in zip(*(table[c].to_pylist() for c in ("doc_id", "language")), strict=True)
            if name == language
        ]
        rows += [
            {"doc_id": d, "annotator": "a", "score": value[d], "section_scores": [value[d]], "rank": rank}
            for rank, d in enumerate(sorted(own, key=lambda d: (-value[d], d)), 1)
        ]
    documents.write(pa.Table.from_pylist(rows, schema=documents.SCORES), folder / "scores", documents.SCORES)
    return {row["doc_id"]: row for row in rows}


def corpus(tmp_path):
    rng = np.random.default_rng(0)
    lengths = {
        "Python": rng.integers(20, 400, 300),
        "C": rng.integers(20, 400, 100),
        "Go": rng.integers(20, 400, 20),
    }
    table = index(tmp_path / "tokens", lengths)
    ranked = scores(tmp_path / "scores", table)
    return {"tokens": tmp_path / "tokens", "scores": tmp_path / "scores"}, table, ranked


def run(inputs, out, tokens=20_000, repeats=4, seeds=12, curve=None, temperature=0.0, languages=None):
    """The stages selection-quality, its two controls and seeds: their tables, and what they say of them."""
    names = ("quality", "quality-random", "quality-random-repeated")
    folders = {name: out / name for name in (*names, "seeds")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    settings = select.Settings(tokens, repeats, curve, temperature, seed=1, languages=languages or {})
    select.build(settings, inputs, folders["quality"])
    inputs = inputs | {"selection": folders["quality"]}
    for name in names[1:]:
        kind = name.removeprefix("quality-")
        controls.build(controls.Settings(name, kind, tokens, seed=1), inputs, folders[name])
    counts = quality_seeds.build(quality_seeds.Settings(seeds, 0.5, 1.0, 1), inputs, folders["seeds"])
    made = {name: pq.read_table(next(folder.glob("*.parquet"))) for name, folder in folders.items()}
    return made, {name: read_json(folders[name] / "selection.json") for name in names} | {"seeds": counts}


def tokens_of(table, chosen):
    """(doc_id, tokens taken with the separator, repeats, whether cut) of what was chosen, by language."""
    about = {r["doc_id"]: r for r in table.to_pylist()}
    found: dict[str, list[tuple[str, int, int, bool]]] = {}
    for row in chosen.to_pylist():
        at = about[row["doc_id"]]
        cut = row["tokens"] is not None
        assert not cut or 1 <= row["tokens"] < at["length"]
        size = (row["tokens"] if cut else at["length"]) + 1
        found.setdefault(at["language"], []).append((row["doc_id"], size, row["repeats"], cut))
    return found


def sizes(table, language):
    return {r["doc_id"]: r["length"] + 1 for r in table.to_pylist() if r["language"] == language}
