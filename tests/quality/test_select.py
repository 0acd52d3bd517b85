"""neve.quality.select. Oracles: the laws of quotas, recomputed here from the tables that came out."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve import documents
from neve.errors import Fault
from neve.quality import controls, select
from neve.quality import seeds as quality_seeds
from neve.quality.pools import fill
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


@pytest.fixture
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


def run(inputs, out, tokens=20_000, repeats=4, seeds=12):
    """The stages selection-quality, control-quality-random and seeds: their tables, and what they say of them."""
    folders = {name: out / name for name in ("quality", "quality-random", "seeds")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    select.build(select.Settings(tokens, repeats), inputs, folders["quality"])
    inputs = inputs | {"selection": folders["quality"]}
    controls.build(controls.Settings("quality-random", tokens, seed=1), inputs, folders["quality-random"])
    counts = quality_seeds.build(quality_seeds.Settings(seeds, 0.5), inputs, folders["seeds"])
    made = {name: pq.read_table(next(folder.glob("*.parquet"))) for name, folder in folders.items()}
    names = ("quality", "quality-random")
    return made, {name: read_json(folders[name] / "selection.json") for name in names} | {"seeds": counts}


def tokens_of(table, chosen):
    about = {r["doc_id"]: r for r in table.to_pylist()}
    found: dict[str, list[tuple[str, int, int]]] = {}
    for row in chosen.to_pylist():
        at = about[row["doc_id"]]
        found.setdefault(at["language"], []).append((row["doc_id"], at["length"] + 1, row["repeats"]))
    return found


def test_the_best_of_each_language_meet_its_share_of_the_budget(corpus, tmp_path):
    inputs, table, ranked = corpus
    made, report = run(inputs, tmp_path / "out")
    chosen = tokens_of(table, made["quality"])
    whole = table.num_rows + sum(table["length"].to_pylist())
    for language, row in report["quality"]["languages"].items():
        own = [r for r in table.to_pylist() if r["language"] == language]
        assert abs(row["quota"] - 5_000 * sum(r["length"] + 1 for r in own) / whole) < 1
        docs = sorted(chosen[language], key=lambda d: ranked[d[0]]["rank"])
        left = row["quota"] - row["tokens"]
        assert sum(n for _, n, _ in docs) == row["tokens"] and left >= 0
        chosen_ids = {d for d, _, _ in docs}
        assert all(r["length"] + 1 > left for r in own if r["doc_id"] not in chosen_ids)
        assert (
            row["cutoff_rank"] == ranked[docs[-1][0]]["rank"]
            and row["cutoff_score"] == ranked[docs[-1][0]]["score"]
        )
        for r in own:
            rank = ranked[r["doc_id"]]["rank"]
            before = sum(n for d, n, _ in docs if ranked[d]["rank"] < rank)
            assert r["doc_id"] in chosen_ids or before + r["length"] + 1 > row["quota"]
        assert {repeats for *_, repeats in docs} == {4}


def test_the_control_sees_as_much_of_each_language_at_random_and_once(corpus, tmp_path):
    inputs, table, ranked = corpus
    made, report = run(inputs, tmp_path / "out")
    good, random = report["quality"], report["quality-random"]
    for language, docs in tokens_of(table, made["quality-random"]).items():
        row = random["languages"][language]
        share = good["languages"][language]["tokens"] / good["unique_tokens"]
        assert abs(row["quota"] - 20_000 * share) < 1
        once = sum(n for _, n, _ in docs)
        repeats = {repeats for *_, repeats in docs}
        limit = good["languages"][language]["longest"]
        own = [r["length"] + 1 for r in table.to_pylist() if r["language"] == language]
        pool = sum(n for n in own if n <= limit)
        if once < pool:
            assert repeats == {1} and row["quota"] - max(own) < once <= row["quota"]
        else:
            assert repeats == {-(-row["quota"] // once)}, "the fewest repeats that meet the quota"
    mean = np.mean([ranked[d]["rank"] for d in made["quality-random"]["doc_id"].to_pylist()])
    best = np.mean([ranked[d]["rank"] for d in made["quality"]["doc_id"].to_pylist()])
    assert best < mean


def test_a_budget_beyond_the_pool_takes_all(corpus, tmp_path):
    inputs, table, _ = corpus
    made, report = run(inputs, tmp_path / "out", tokens=10**7)
    assert sorted(made["quality"]["doc_id"].to_pylist()) == sorted(table["doc_id"].to_pylist())
    assert all(row["short"] for row in report["quality"]["languages"].values())
    assert min(made["quality-random"]["repeats"].to_pylist()) > 1


def test_seeds_are_the_best_half_python_and_interleaved(corpus, tmp_path):
    inputs, _, ranked = corpus
    made, _ = run(inputs, tmp_path / "out")
    seeds = made["seeds"].to_pylist()
    assert [s["language"] for s in seeds].count("Python") == 6 == len(seeds) - 6
    for language in ("Python", "C"):
        ranks = [s["rank"] for s in seeds if s["language"] == language]
        assert (
            ranks
            == sorted(ranks)
            == [ranked[s["doc_id"]]["rank"] for s in seeds if s["language"] == language]
        )
    assert {s["doc_id"] for s in seeds} <= set(made["quality"]["doc_id"].to_pylist())
    first = [s["language"] for s in seeds[:6]]
    assert 2 <= first.count("Python") <= 4


def test_rows_in_another_order_select_the_same(corpus, tmp_path):
    inputs, table, _ = corpus
    before, report = run(inputs, tmp_path / "one")
    order = np.random.default_rng(5).permutation(table.num_rows)
    pq.write_table(table.take(order), inputs["tokens"] / "index.parquet")
    after, again = run(inputs, tmp_path / "two")
    assert before == after and report == again


def test_heldout_documents_are_never_selected(corpus, tmp_path):
    inputs, table, _ = corpus
    split = pa.array(["heldout" if i % 2 else "train" for i in range(table.num_rows)])
    pq.write_table(
        table.set_column(table.column_names.index("split"), "split", split),
        inputs["tokens"] / "index.parquet",
    )
    made, _ = run(inputs, tmp_path / "out", tokens=10**7, repeats=1)
    kept = {d for d, s in zip(table["doc_id"].to_pylist(), split.to_pylist(), strict=True) if s == "train"}
    assert all(set(t["doc_id"].to_pylist()) <= kept for t in made.values())
    assert set(made["quality"]["doc_id"].to_pylist()) == kept


def test_too_small_a_budget_is_a_fault(corpus, tmp_path):
    with pytest.raises(Fault, match="less than the shortest document"):
        run(corpus[0], tmp_path / "out", tokens=8)


def test_a_synthetic_phase_s_control_follows_its_languages(corpus, tmp_path):
    inputs, table, _ = corpus
    index(tmp_path / "synthetic", {"Python": [300] * 10, "C": [100] * 10}, name="made")
    out = tmp_path / "control"
    out.mkdir()
    settings = controls.Settings("synthetic-random", 4_000, seed=1)
    controls.build(settings, {"tokens": inputs["tokens"], "synthetic": tmp_path / "synthetic"}, out)
    docs = tokens_of(table, pq.read_table(out / "selection.parquet"))
    assert sorted(docs) == ["C", "Python"]
    for language, quota in (("Python", 3_000), ("C", 1_000)):
        lengths = [n for _, n, _ in docs[language]]
        assert quota - max(lengths) < sum(lengths) <= quota


@given(st.lists(st.integers(1, 100), max_size=40), st.integers(0, 2000), st.integers(1, 120))
def test_fill_takes_what_fits_in_order(tokens, quota, longest):
    """Oracle: one document after the other, in plain Python."""
    left, rows = quota, []
    for row, n in enumerate(tokens):
        if n <= longest and n <= left:
            rows.append(row)
            left -= n
    assert fill(np.array(tokens, dtype=np.int64), quota, longest).tolist() == rows


def test_more_seeds_than_documents_take_turns(corpus, tmp_path):
    made, report = run(corpus[0], tmp_path / "out", seeds=400)
    seeds = made["seeds"].to_pylist()
    assert len(seeds) == 400 == sum(report["seeds"].values())
    assert len({(s["doc_id"], s["turn"]) for s in seeds}) == 400 and max(s["turn"] for s in seeds) > 0
    for language in ("Python", "C"):
        own = [(s["turn"], s["rank"]) for s in seeds if s["language"] == language]
        assert own == sorted(own)
