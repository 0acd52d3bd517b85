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
from neve.quality.pools import Chosen, Pool, effective_tokens, fill
from neve.recipe.training import Curve
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


def test_tokens_that_are_repeated_are_worth_less_each_by_its_own_repeats():
    """Oracle: the law, document by document."""
    tokens, repeats = np.array([50, 900, 40, 7]), np.array([7, 4, 4, 1], dtype=np.int32)
    pool = Pool(np.array(ids(4)), tokens, np.arange(4), np.zeros(4))
    worth = sum(effective_tokens(t, r) for t, r in zip(tokens, repeats, strict=True))
    assert Chosen(pool, tokens, repeats).effective() == round(worth) < (tokens * repeats).sum()
    assert effective_tokens(7, 1) == 7


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


def run(inputs, out, tokens=20_000, repeats=4, seeds=12, curve=None, temperature=0.0):
    """The stages selection-quality, its two controls and seeds: their tables, and what they say of them."""
    names = ("quality", "quality-random", "quality-random-repeated")
    folders = {name: out / name for name in (*names, "seeds")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    select.build(select.Settings(tokens, repeats, curve, temperature, seed=1), inputs, folders["quality"])
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


def test_the_best_of_each_language_meet_its_share_of_the_budget_to_the_token(corpus, tmp_path):
    inputs, table, ranked = corpus
    made, report = run(inputs, tmp_path / "out")
    chosen = tokens_of(table, made["quality"])
    whole = table.num_rows + sum(table["length"].to_pylist())
    seen = 0
    for language, row in report["quality"]["languages"].items():
        own = sizes(table, language)
        assert abs(row["quota"] - 5_000 * sum(own.values()) / whole) < 1
        docs = sorted(chosen[language], key=lambda d: ranked[d[0]]["rank"])
        assert [ranked[d]["rank"] for d, *_ in docs] == list(range(1, len(docs) + 1)), (
            "the best, none left out"
        )
        assert not any(cut for *_, cut in docs[:-1]) and {repeats for _, _, repeats, _ in docs} == {4}
        taken = sum(n for _, n, *_ in docs)
        assert row["tokens"] == taken and row["quota"] - taken < 2 and row["seen"] == 4 * taken
        assert row["effective"] == round(taken * (1 + 15.39 * (1 - np.exp(-3 / 15.39))))
        assert row["cutoff_rank"] == len(docs) and not row["short"]
        assert row["cutoff_score"] == ranked[docs[-1][0]]["score"]
        seen += 4 * taken
    assert abs(seen - 20_000) <= 0.001 * 20_000


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


def test_a_budget_beyond_the_pool_takes_all(corpus, tmp_path):
    inputs, table, _ = corpus
    made, report = run(inputs, tmp_path / "out", tokens=10**7)
    assert sorted(made["quality"]["doc_id"].to_pylist()) == sorted(table["doc_id"].to_pylist())
    assert all(row["short"] for row in report["quality"]["languages"].values())
    assert min(made["quality-random"]["repeats"].to_pylist()) > 1


def test_repeats_by_a_curve_rise_with_quality_and_meet_the_budget(corpus, tmp_path):
    inputs, table, ranked = corpus
    curve = Curve(power=1.0, growth=2.0, cap=6, drop=0.4)
    made, _ = run(inputs, tmp_path / "out", tokens=60_000, curve=curve)
    whole = table.num_rows + sum(table["length"].to_pylist())
    for language, docs in tokens_of(table, made["quality"]).items():
        own = sizes(table, language)
        docs = sorted(docs, key=lambda d: ranked[d[0]]["rank"])
        times = [repeats for _, _, repeats, _ in docs]
        assert times == sorted(times, reverse=True) and min(times) >= 1 and max(times) <= 6
        seen = sum(n * repeats for _, n, repeats, _ in docs)
        assert abs(seen - 60_000 * sum(own.values()) / whole) < 3
        assert sum(n for _, n, *_ in docs) <= 0.6 * sum(own.values()) + max(own.values())


@given(
    st.lists(st.integers(2, 500), min_size=1, max_size=60),
    st.integers(0, 40_000),
    st.floats(0, 6), st.floats(0, 8), st.integers(1, 9), st.floats(0, 0.9),
)  # fmt: skip
def test_a_curve_keeps_its_cap_its_order_and_its_budget(tokens, budget, power, growth, cap, drop):
    pool = select.Pool(
        np.array(ids(len(tokens))), np.array(tokens), np.arange(len(tokens)), np.zeros(len(tokens))
    )
    part = select.curved(pool, budget, Curve(power=power, growth=growth, cap=cap, drop=drop))
    times = part.repeats.tolist()
    assert times == sorted(times, reverse=True) and all(1 <= t <= cap for t in times)
    assert part.seen() <= budget and (part.tokens[:-1] == pool.tokens[: len(times)][:-1]).all()
    behind = 1 - (np.cumsum(tokens) - np.array(tokens) / 2) / sum(tokens)
    assert (behind[: len(times)] >= drop).all()
    if len(times) < (behind >= drop).sum():  # something is left
        assert budget - part.seen() < 2


def test_documents_are_drawn_by_score_where_a_temperature_says_so(corpus, tmp_path):
    inputs, _, ranked = corpus
    mean = {}
    for temperature in (0.0, 0.5, 100.0):
        made, _ = run(inputs, tmp_path / str(temperature), repeats=1, temperature=temperature)
        scores = [ranked[d]["score"] for d in made["quality"]["doc_id"].to_pylist()]
        mean[temperature] = np.mean(scores)
    everything = np.mean([row["score"] for row in ranked.values()])
    assert mean[0.0] > mean[0.5] > mean[100.0] and abs(mean[100.0] - everything) < 0.08


def test_seeds_are_drawn_out_of_the_selection_half_python_and_interleaved(corpus, tmp_path):
    inputs, _, ranked = corpus
    made, _ = run(inputs, tmp_path / "out")
    seeds = made["seeds"].to_pylist()
    assert [s["language"] for s in seeds].count("Python") == 6 == len(seeds) - 6
    for language in ("Python", "C"):
        of_language = [s for s in seeds if s["language"] == language]
        assert all(s["rank"] == ranked[s["doc_id"]]["rank"] for s in of_language)
        by_rank = [s["quantile"] for s in sorted(of_language, key=lambda s: (s["rank"], s["turn"]))]
        assert by_rank == sorted(by_rank) and 0 < by_rank[0] < by_rank[-1] < 1
    assert {s["doc_id"] for s in seeds} <= set(made["quality"]["doc_id"].to_pylist())
    first = [s["language"] for s in seeds[:6]]
    assert 2 <= first.count("Python") <= 4


def test_a_draw_prefers_good_documents_and_spreads_over_repositories():
    """Oracles: without sharpness and with one document a repository the draw is even; with both, the law of
    the first draw is the weights'."""
    ids = pa.array([documents.doc_id(str(i).encode()) for i in range(400)])
    alone = pa.array([str(i) for i in range(400)])
    places = (np.arange(400) + 0.5) / 400
    firsts = [quality_seeds.draw(ids, alone, places, 1.0, seed)[:100].mean() for seed in range(20)]
    evenly = [quality_seeds.draw(ids, alone, places, 0.0, seed)[:100].mean() for seed in range(20)]
    assert np.mean(firsts) < 160 and 190 < np.mean(evenly) < 210
    order = quality_seeds.draw(ids, alone, places, 1.0, 1)
    assert sorted(order.tolist()) == list(range(400))  # without replacement
    crowd = pa.array(["one"] * 300 + [str(i) for i in range(100)])
    shares = [(quality_seeds.draw(ids, crowd, places * 0, 0.0, seed)[:50] < 300).mean() for seed in range(20)]
    assert np.mean(shares) < 0.3  # a draw without spreading would give 0.75


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
    with pytest.raises(Fault, match="less than a token and its separator"):
        run(corpus[0], tmp_path / "out", tokens=4)


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


@given(st.lists(st.integers(2, 100), max_size=40), st.integers(0, 3000))
def test_fill_takes_in_order_until_the_quota_is_full(tokens, quota):
    """Oracle: one document after the other, in plain Python."""
    left, taken = quota, []
    for n in tokens:
        if left >= 2:
            taken.append(min(n, left))
        left -= min(n, left) if left >= 2 else left
    assert fill(np.array(tokens, dtype=np.int64), quota).tolist() == taken


def test_more_seeds_than_documents_take_turns(corpus, tmp_path):
    made, report = run(corpus[0], tmp_path / "out", seeds=400)
    seeds = made["seeds"].to_pylist()
    assert len(seeds) == 400 == sum(report["seeds"].values())
    assert len({(s["doc_id"], s["turn"]) for s in seeds}) == 400 and max(s["turn"] for s in seeds) > 0
    for language in ("Python", "C"):
        turns = [s["turn"] for s in seeds if s["language"] == language]
        assert turns == sorted(turns)
