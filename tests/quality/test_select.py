"""neve.quality.select. Oracles: the laws of quotas, recomputed here from the tables that came out."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve.errors import Fault
from neve.quality import select
from neve.recipe.training import Curve

from .selecting import ids, run, sizes, tokens_of


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


def test_a_mix_that_is_set_is_met_and_controls_follow_it(corpus, tmp_path):
    inputs, table, _ = corpus
    made, report = run(inputs, tmp_path / "out", languages={"C": 3, "Go": 1})
    assert set(tokens_of(table, made["quality"])) == {"C", "Go"}
    rows = report["quality"]["languages"]
    assert {name: row["quota"] for name, row in rows.items()} == {"C": 3_750, "Go": 1_250, "Python": 0}
    for name in ("quality-random", "quality-random-repeated"):
        assert set(tokens_of(table, made[name])) == {"C", "Go"}
        for language, row in report[name]["languages"].items():
            most = (
                max(sizes(table, language).values())
                if row["seen"] > sum(sizes(table, language).values())
                else 8
            )
            assert abs(row["seen"] - rows[language]["seen"]) <= most, (
                "to a separator, or a document where all are seen"
            )


@given(
    st.dictionaries(st.sampled_from(["Python", "C", "Go", "C++"]), st.floats(0.01, 100), min_size=1),
    st.lists(st.integers(2, 300), min_size=40, max_size=80), st.integers(1, 4), st.booleans(),
)  # fmt: skip
def test_quotas_of_a_set_mix_are_exact(weights, tokens, repeats, drawn):
    pools = {
        name: select.Pool(np.array(ids(len(tokens), name)), np.array(tokens), np.arange(len(tokens)), -np.arange(float(len(tokens))))
        for name in ("C", "C++", "Go", "Python")
    }  # fmt: skip
    budget = sum(tokens) * repeats
    chosen, about = select.best(pools, select.Settings(budget, repeats, None, float(drawn), 1, weights))
    assert sum(row["quota"] for row in about.values()) == sum(tokens)
    for name, row in about.items():
        share = weights.get(name, 0) / sum(weights.values())
        assert abs(row["quota"] - sum(tokens) * share) < 1, "largest remainders"
        assert (
            0 <= row["quota"] - int(chosen[name].tokens.sum()) < 2 and row["seen"] == repeats * row["tokens"]
        )
        assert name in weights or not len(chosen[name].tokens)


def test_a_language_that_the_corpus_lacks_is_a_fault(corpus, tmp_path):
    with pytest.raises(
        Fault, match=r"phase languages.Rust = 2: the corpus has no .* it has C, Go, Python; leave it out"
    ):
        run(corpus[0], tmp_path / "out", languages={"Rust": 2, "C": 1})


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
    worse = 1 - (np.cumsum(tokens) - np.array(tokens) / 2) / sum(tokens)
    assert (worse[: len(times)] >= drop).all()
    if len(times) < (worse >= drop).sum():  # something is left
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
