"""neve.quality.pools. Oracles: one document after the other in plain Python; the tables that were written."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve.errors import Fault
from neve.quality import pools
from neve.quality.pools import Chosen, Pool, effective_tokens, fill

from .selecting import ids, index, sizes, tokens_of


@given(st.lists(st.integers(2, 100), max_size=40), st.integers(0, 3000))
def test_fill_takes_in_order_until_the_quota_is_full(tokens, quota):
    """Oracle: one document after the other, in plain Python."""
    left, taken = quota, []
    for n in tokens:
        if left >= 2:
            taken.append(min(n, left))
        left -= min(n, left) if left >= 2 else left
    assert fill(np.array(tokens, dtype=np.int64), quota).tolist() == taken


def test_tokens_that_are_repeated_are_worth_less_each_by_its_own_repeats():
    """Oracle: the law, document by document."""
    tokens, repeats = np.array([50, 900, 40, 7]), np.array([7, 4, 4, 1], dtype=np.int32)
    pool = Pool(np.array(ids(4)), tokens, np.arange(4), np.zeros(4))
    worth = sum(effective_tokens(t, r) for t, r in zip(tokens, repeats, strict=True))
    assert Chosen(pool, tokens, repeats).effective() == round(worth) < (tokens * repeats).sum()
    assert effective_tokens(7, 1) == 7


def test_a_pool_is_best_first_and_by_doc_id_without_scores(corpus) -> None:
    inputs, table, ranked = corpus
    for name, pool in pools.load(inputs["tokens"], inputs["scores"]).items():
        assert pool.ranks.tolist() == list(range(1, len(pool.ranks) + 1))
        assert [ranked[doc_id]["score"] for doc_id in pool.doc_ids] == pool.scores.tolist()
        assert dict(zip(pool.doc_ids, pool.tokens.tolist(), strict=True)) == sizes(table, name)
    for pool in pools.load(inputs["tokens"], None).values():
        assert pool.doc_ids.tolist() == sorted(pool.doc_ids.tolist()) and not pool.scores.any()


def test_documents_without_a_score_are_a_fault(corpus, tmp_path) -> None:
    inputs, *_ = corpus
    index(tmp_path / "other", {"Python": [20, 30]}, name="other")
    with pytest.raises(Fault, match="2 training documents have no score"):
        pools.load(tmp_path / "other", inputs["scores"])


def test_what_is_written_is_what_was_chosen(corpus, tmp_path) -> None:
    inputs, table, _ = corpus
    found = pools.load(inputs["tokens"], inputs["scores"])
    chosen = {name: pools.flat(found[name], 1000, 3) for name in ("C", "Python")}
    counts = pools.write(tmp_path, chosen)
    kept = tokens_of(table, pq.read_table(tmp_path / pools.FILE))
    assert {name: sum(n for _, n, *_ in rows) for name, rows in kept.items()} == {"C": 1000, "Python": 1000}
    assert all(sum(cut for *_, cut in rows) <= 1 for rows in kept.values())
    assert counts == {
        "documents": sum(map(len, kept.values())),
        "tokens": 2000,
        "seen": 6000,
    }
